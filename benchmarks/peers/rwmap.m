-- The workload of benchmarks/rwmap.py for Rumur; @W@, @R@ and @N@ are filled in by benchmarks/peers.py.
-- One rule is one step. at = 0 is a goroutine that is done; 0 in `stored` and `v` is "nothing yet".
-- The rule "over" keeps the final states from being reported as deadlocks: one self-loop for each of them.
const
  W: @W@;
  R: @R@;
  N: @N@;

type
  writers: 1..W;
  readers: 1..R;
  value: 0..W;

var
  mu_writer: boolean;
  mu_readers: 0..R;
  mu_waiting: 0..W;
  flag: boolean;
  stored: value;
  w_at: array[writers] of 0..7;
  w_left: array[writers] of 0..N;
  r_at: array[readers] of 0..4;
  r_left: array[readers] of 0..N;
  v: array[readers] of value;

startstate begin
  mu_writer := false; mu_readers := 0; mu_waiting := 0; flag := false; stored := 0;
  for i: writers do w_at[i] := 1; w_left[i] := N; end;
  for i: readers do r_at[i] := 1; r_left[i] := N; v[i] := 0; end;
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
  rule "clear" w_at[i] = 6 ==> begin flag := false; w_at[i] := 7; end;
  rule "unlock" w_at[i] = 7 ==> begin
    mu_writer := false; w_left[i] := w_left[i] - 1;
    if w_left[i] = 0 then w_at[i] := 0; else w_at[i] := 1; end; end;
end;

ruleset i: readers do
  rule "rlock" r_at[i] = 1 & !mu_writer & mu_waiting = 0 ==> begin
    mu_readers := mu_readers + 1; r_at[i] := 2; end;
  rule "check" r_at[i] = 2 ==> begin
    assert !flag "concurrent map read and map write"; r_at[i] := 3; end;
  rule "load" r_at[i] = 3 ==> begin v[i] := stored; r_at[i] := 4; end;
  rule "runlock" r_at[i] = 4 ==> begin
    mu_readers := mu_readers - 1; v[i] := 0; r_left[i] := r_left[i] - 1;
    if r_left[i] = 0 then r_at[i] := 0; else r_at[i] := 1; end; end;
end;

rule "over"
  (forall i: writers do w_at[i] = 0 end) & (forall i: readers do r_at[i] = 0 end) ==> begin end;
