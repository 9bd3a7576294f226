package cache

import s "sync"
