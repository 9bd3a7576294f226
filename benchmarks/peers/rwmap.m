-- The workload of benchmarks/rwmap.py for Rumur; @W@, @R@, @N@ and @LOCKED@ are filled in by benchmarks/peers/rumur.py.
-- One rule is one step. at = 0 is a goroutine that is done; `stored` and `v` are undefined while nothing was stored.
-- Writers and readers are scalarsets, so that Rumur may treat them as interchangeable; told not to, it counts every state.
-- The rule "over" keeps the final states from being reported as deadlocks: one self-loop for each of them.
const
  W: @W@;
  R: @R@;
  N: @N@;
  LOCKED: @LOCKED@;

type
  writers: scalarset(W);
  readers: scalarset(R);

var
  mu_writer: boolean;
  mu_readers: 0..R;
  mu_waiting: 0..W;
  flag: boolean;
  stored: writers;
  w_at: array[writers] of 0..7;
  w_left: array[writers] of 0..N;
  r_at: array[readers] of 0..4;
  r_left: array[readers] of 0..N;
  v: array[readers] of writers;

startstate begin
  mu_writer := false; mu_readers := 0; mu_waiting := 0; flag := false; undefine stored;
  for i: writers do
    if LOCKED = 1 then w_at[i] := 1; else w_at[i] := 3; end; w_left[i] := N; end;
  for i: readers do
    if LOCKED = 1 then r_at[i] := 1; else r_at[i] := 2; end; r_left[i] := N; undefine v[i]; end;
end;

ruleset i: writers do
  rule "announce" w_at[i] = 1 ==> begin
    mu_waiting := mu_waiting + 1; w_at[i] := 2; end;
  rule "acquire" w_at[i] = 2 & !mu_writer & mu_readers = 0 ==> begin
    mu_writer := true; mu_waiting := mu_waiting - 1; w_at[i] := 3; end;
  rule "check" w_at[i] = 3 ==> begin
    assert !flag "concurrent map writes"; w_at[i] := 4; end;
  rule "set" w_at[i] = 4 ==> begin flag := true; w_at[i] := 5; end;
  rule "store" w_at[i] = 5 ==> begin stored := i; w_at[i] := 6; end;
  rule "clear" w_at[i] = 6 ==> begin
    flag := false;
    if LOCKED = 1 then w_at[i] := 7;
    else
      w_left[i] := w_left[i] - 1;
      if w_left[i] = 0 then w_at[i] := 0; else w_at[i] := 3; end;
    end; end;
  rule "unlock" w_at[i] = 7 ==> begin
    mu_writer := false; w_left[i] := w_left[i] - 1;
    if w_left[i] = 0 then w_at[i] := 0; else w_at[i] := 1; end; end;
end;

ruleset i: readers do
  rule "rlock" r_at[i] = 1 & !mu_writer & mu_waiting = 0 ==> begin
    mu_readers := mu_readers + 1; r_at[i] := 2; end;
  rule "check" r_at[i] = 2 ==> begin
    assert !flag "concurrent map read and map write"; r_at[i] := 3; end;
  rule "load" r_at[i] = 3 ==> begin
    if LOCKED = 1 then
      if isundefined(stored) then undefine v[i]; else v[i] := stored; end;
      r_at[i] := 4;
    else
      r_left[i] := r_left[i] - 1;
      if r_left[i] = 0 then r_at[i] := 0; else r_at[i] := 2; end;
    end; end;
  rule "runlock" r_at[i] = 4 ==> begin
    mu_readers := mu_readers - 1; undefine v[i]; r_left[i] := r_left[i] - 1;
    if r_left[i] = 0 then r_at[i] := 0; else r_at[i] := 1; end; end;
end;

rule "over"
  (forall i: writers do w_at[i] = 0 end) & (forall i: readers do r_at[i] = 0 end) ==> begin end;
