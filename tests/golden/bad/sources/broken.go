package cache

func put() {
	x = 
}
