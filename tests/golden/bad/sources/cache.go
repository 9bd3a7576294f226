package cache

var x int

func put() { x = y }
