package cache

import (
	"sync"
	"sync/atomics"
)
