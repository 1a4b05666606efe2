package main

import "testing"

func TestCompare(t *testing.T) {
	for _, c := range []struct {
		v8, own, ours string
		want          verdict
		rules         int // that changed something
	}{
		{"A.m", "m", "A.m", equal, 0},
		{"B.m [as n]", "m", "A.m", equal, 2},
		{"Object.<anonymous>", "", "", equal, 1},
		{"Timeout._onTimeout", "", "", equal, 1},
		{"A.<instance_members_initializer>", "<instance_members_initializer>", "new A", equal, 1},
		{"<static_initializer>", "<static_initializer>", "static A", equal, 1},
		{"<static_initializer>", "<static_initializer>", "new A", different, 0},
		{"A.k k", "k k", `A["k k"]`, equal, 1},
		{"[Symbol.iterator]", "[Symbol.iterator]", "A[Symbol.iterator]", equal, 1},
		{"get p [as p]", "get p", "get A.p", equal, 2},
		{"get p [as p]", "get p", "set A.p", different, 0},
		{"new f", "f", "f", equal, 1},
		{"new A", "A", "new B", different, 0},
		{"f", "f", "new f", different, 0},
		{"f2", "f", "f", equal, 1},
		{"f12", "f12", "f1", equal, 1},
		{"f", "f", "_f", different, 0},
		{"f", "f", "f2", different, 0},
		{"new _A", "_A", "new A", equal, 1},
		{"x_default", "x_default", "default", equal, 1},
		{"f", "f", "g", different, 0},
		{"f", "f", "", guessed, 0},
		{"A.c1", "c1", "A.<computed>", computed, 0},
		{"", "", "f", different, 0},
	} {
		v, changed := compare(c.v8, c.own, c.ours)
		if v != c.want || v == equal && len(changed) != c.rules {
			t.Errorf("V8 %q, ours %q: verdict %d by rules %v", c.v8, c.ours, v, changed)
		}
	}
}

func TestNames(t *testing.T) {
	for name, want := range map[string]string{
		"f": "f", "A.m": "m", "get A.p": "p", "new A": "A", "a.b.c": "c", `A["k k"]`: `["k k"]`, "[Symbol.iterator]": "[Symbol.iterator]", "A.#p": "#p", "": "",
	} {
		if got := lastPart(name); got != want {
			t.Errorf("last part of %q: %q", name, got)
		}
	}
	for name, want := range map[string]string{
		"<unknown>": "", "<anonymous>": "", "A.prototype.m": "A.m", "<object>.m": "m", "async A.m": "A.m", "static A.m": "A.m", "static A": "static A", "f": "f",
	} {
		if got := restyle(name); got != want {
			t.Errorf("symbolic's %q: %q", name, got)
		}
	}
}
