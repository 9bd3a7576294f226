package cache

var café int
