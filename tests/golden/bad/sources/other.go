package other

var z int
