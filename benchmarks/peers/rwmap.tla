------------------------------- MODULE rwmap -------------------------------
(* The workload of benchmarks/rwmap.py for TLC: W writers and R readers of  *)
(* one map key under a sync.RWMutex (LOCK = TRUE), or under nothing (FALSE). *)
(* One action is one step; pc 0 is a goroutine that is done.  The .cfg file  *)
(* is written by benchmarks/peers/tlc.py.                                    *)
EXTENDS Naturals, TLC
CONSTANTS Writers, Readers, ROUNDS, LOCK, None
VARIABLES wlocked, readers, waiting, writing, m, wpc, wr, rpc, rr, v
vars == <<wlocked, readers, waiting, writing, m, wpc, wr, rpc, rr, v>>
lockv == <<wlocked, readers, waiting>>

W1 == IF LOCK THEN 1 ELSE 3
R1 == IF LOCK THEN 1 ELSE 2

Init == /\ wlocked = FALSE /\ readers = 0 /\ waiting = 0
        /\ writing = FALSE /\ m = None
        /\ wpc = [w \in Writers |-> W1] /\ wr = [w \in Writers |-> ROUNDS]
        /\ rpc = [x \in Readers |-> R1] /\ rr = [x \in Readers |-> ROUNDS]
        /\ v = [x \in Readers |-> None]

WAnnounce(w) == /\ wpc[w] = 1 /\ waiting' = waiting + 1
                /\ wpc' = [wpc EXCEPT ![w] = 2]
                /\ UNCHANGED <<wlocked, readers, writing, m, wr, rpc, rr, v>>
WAcquire(w) == /\ wpc[w] = 2 /\ ~wlocked /\ readers = 0
               /\ wlocked' = TRUE /\ waiting' = waiting - 1
               /\ wpc' = [wpc EXCEPT ![w] = 3]
               /\ UNCHANGED <<readers, writing, m, wr, rpc, rr, v>>
WCheck(w) == /\ wpc[w] = 3 /\ Assert(~writing, "concurrent map writes")
             /\ wpc' = [wpc EXCEPT ![w] = 4]
             /\ UNCHANGED <<lockv, writing, m, wr, rpc, rr, v>>
WSet(w) == /\ wpc[w] = 4 /\ writing' = TRUE
           /\ wpc' = [wpc EXCEPT ![w] = 5]
           /\ UNCHANGED <<lockv, m, wr, rpc, rr, v>>
WStore(w) == /\ wpc[w] = 5 /\ m' = w
             /\ wpc' = [wpc EXCEPT ![w] = 6]
             /\ UNCHANGED <<lockv, writing, wr, rpc, rr, v>>
WEnd(w) == /\ wr' = [wr EXCEPT ![w] = @ - 1]
           /\ wpc' = [wpc EXCEPT ![w] = IF wr[w] > 1 THEN W1 ELSE 0]
WClear(w) == /\ wpc[w] = 6 /\ writing' = FALSE
             /\ IF LOCK THEN wpc' = [wpc EXCEPT ![w] = 7] /\ UNCHANGED wr
                        ELSE WEnd(w)
             /\ UNCHANGED <<lockv, m, rpc, rr, v>>
WUnlock(w) == /\ wpc[w] = 7 /\ wlocked' = FALSE /\ WEnd(w)
              /\ UNCHANGED <<readers, waiting, writing, m, rpc, rr, v>>

RLock(x) == /\ rpc[x] = 1 /\ ~wlocked /\ waiting = 0
            /\ readers' = readers + 1
            /\ rpc' = [rpc EXCEPT ![x] = 2]
            /\ UNCHANGED <<wlocked, waiting, writing, m, wpc, wr, rr, v>>
RCheck(x) == /\ rpc[x] = 2 /\ Assert(~writing, "concurrent map read and map write")
             /\ rpc' = [rpc EXCEPT ![x] = 3]
             /\ UNCHANGED <<lockv, writing, m, wpc, wr, rr, v>>
REnd(x) == /\ rr' = [rr EXCEPT ![x] = @ - 1]
           /\ rpc' = [rpc EXCEPT ![x] = IF rr[x] > 1 THEN R1 ELSE 0]
RLoad(x) == /\ rpc[x] = 3
            /\ IF LOCK THEN /\ v' = [v EXCEPT ![x] = m]
                            /\ rpc' = [rpc EXCEPT ![x] = 4] /\ UNCHANGED rr
                       ELSE REnd(x) /\ UNCHANGED v
            /\ UNCHANGED <<lockv, writing, m, wpc, wr>>
RUnlock(x) == /\ rpc[x] = 4 /\ readers' = readers - 1
              /\ v' = [v EXCEPT ![x] = None] /\ REnd(x)
              /\ UNCHANGED <<wlocked, waiting, writing, m, wpc, wr>>

Finished == /\ \A w \in Writers : wpc[w] = 0
            /\ \A x \in Readers : rpc[x] = 0
            /\ UNCHANGED vars

Next == \/ \E w \in Writers : \/ WAnnounce(w) \/ WAcquire(w) \/ WCheck(w)
                              \/ WSet(w) \/ WStore(w) \/ WClear(w) \/ WUnlock(w)
        \/ \E x \in Readers : RLock(x) \/ RCheck(x) \/ RLoad(x) \/ RUnlock(x)
        \/ Finished

Symm == Permutations(Writers) \cup Permutations(Readers)
=============================================================================
