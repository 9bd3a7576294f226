/* The workload of benchmarks/rwmap.py for SPIN: W writers and R readers of one map key under a sync.RWMutex.
 *
 * Each statement or d_step is one atomic step, so that SPIN counts the states every other tool counts:
 * writer: announce, acquire, check the flag, set it, store, clear it, unlock; reader: rlock, check, load, runlock.
 * The value read lives for one round only: runlock clears it. A goroutine out of rounds blocks at an end label.
 * Run with spin -o1 -o2 -o3: SPIN's rewritings would count another model. With -DUNLOCKED a round is check, set,
 * store, clear, or check, load.
 */
bit  mu_writer, flag;
byte mu_readers, mu_waiting, stored;

active [W] proctype writer()
{
	byte left = N;
#ifdef UNLOCKED
	do
	:: assert(!flag);
	flag = 1;
	stored = _pid + 1;
	if
	:: d_step { left == 1; flag = 0; left = 0 }; break
	:: d_step { left > 1; flag = 0; left-- }
	fi
	od;
#else
	do
	:: mu_waiting++;
	d_step { !mu_writer && mu_readers == 0; mu_writer = 1; mu_waiting-- };
	assert(!flag);
	flag = 1;
	stored = _pid + 1;
	flag = 0;
	if
	:: d_step { left == 1; mu_writer = 0; left = 0 }; break
	:: d_step { left > 1; mu_writer = 0; left-- }
	fi
	od;
#endif
end:	false
}

active [R] proctype reader()
{
	byte left = N;
	byte v;
#ifdef UNLOCKED
	do
	:: assert(!flag);
	if
	:: d_step { left == 1; v = stored; v = 0; left = 0 }; break
	:: d_step { left > 1; v = stored; v = 0; left-- }
	fi
	od;
#else
	do
	:: d_step { !mu_writer && mu_waiting == 0; mu_readers++ };
	assert(!flag);
	v = stored;
	if
	:: d_step { left == 1; mu_readers--; v = 0; left = 0 }; break
	:: d_step { left > 1; mu_readers--; v = 0; left-- }
	fi
	od;
#endif
end:	false
}
