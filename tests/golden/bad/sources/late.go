package cache

var w int

import "sync"
