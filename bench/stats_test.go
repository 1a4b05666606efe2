package main

import (
	"slices"
	"testing"
)

func TestSpread(t *testing.T) {
	for _, test := range []struct {
		values []float64
		want   spread
	}{
		{nil, spread{}},
		{[]float64{5}, spread{Median: 5, Q1: 5, Q3: 5, Min: 5, Max: 5, N: 1}},
		{[]float64{4, 1, 3, 2}, spread{Median: 2.5, Q1: 1.75, Q3: 3.25, Min: 1, Max: 4, N: 4}},
		{[]float64{9, 1, 5, 3, 7}, spread{Median: 5, Q1: 3, Q3: 7, Min: 1, Max: 9, N: 5}},
	} {
		values := slices.Clone(test.values)
		if got := spreadOf(test.values); got != test.want {
			t.Errorf("%v: %+v, want %+v", test.values, got, test.want)
		}
		if !slices.Equal(values, test.values) {
			t.Error("the caller's values were sorted")
		}
	}
}

// A machine that gets slower by half doesn't change a ratio that is taken within rounds.
func TestRatiosPairByPair(t *testing.T) {
	ours := map[int]float64{0: 10, 1: 20, 2: 40, 3: 10}
	theirs := map[int]float64{0: 30, 1: 60, 2: 120, 7: 1}
	got := ratios(theirs, ours)
	if !slices.Equal(got, []float64{3, 3, 3}) {
		t.Errorf("got %v", got)
	}
	if got := ratios(theirs, map[int]float64{0: 0}); got != nil {
		t.Errorf("division by zero: %v", got)
	}
}

func TestTakesPart(t *testing.T) {
	var rounds []int
	for round := range 9 {
		if (row{Every: 4}).takesPart(round) {
			rounds = append(rounds, round)
		}
	}
	if !slices.Equal(rounds, []int{0, 4, 8}) || !(row{}).takesPart(3) {
		t.Errorf("got %v", rounds)
	}
}

// Every row comes once in a round, and none is always first.
func TestInTurn(t *testing.T) {
	rows := []row{{Name: "a"}, {Name: "b"}, {Name: "c"}}
	firsts := map[string]bool{}
	for round := range 6 {
		turn := inTurn(rows, round)
		seen := map[string]bool{}
		for _, r := range turn {
			seen[r.Name] = true
		}
		if len(turn) != 3 || len(seen) != 3 {
			t.Errorf("round %d: %v", round, turn)
		}
		firsts[turn[0].Name] = true
	}
	if len(firsts) != 3 || rows[0].Name != "a" {
		t.Errorf("first were %v", firsts)
	}
}

func TestNumbers(t *testing.T) {
	for _, test := range []struct {
		got, want string
	}{
		{short(0.01234), "0.012"}, {short(1.234), "1.23"}, {short(12.34), "12.3"}, {short(123.4), "123"}, {short(1234567), "1,234,567"},
		{grouped(0), "0"}, {grouped(999), "999"}, {grouped(1000), "1,000"},
		{spreadCell(nil), ""}, {spreadCell([]float64{10}), "10.0"}, {spreadCell([]float64{9, 10, 11}), "10.0 ±5%"},
		{tickLabel(0.5), "0.5"}, {tickLabel(20), "20"}, {tickLabel(300_000), "300 k"}, {tickLabel(2e6), "2 M"},
	} {
		if test.got != test.want {
			t.Errorf("got %q, want %q", test.got, test.want)
		}
	}
}

func TestRoundedRange(t *testing.T) {
	for _, test := range [][4]float64{{3, 700, 2, 1000}, {1, 10, 1, 10}, {0.04, 0.3, 0.02, 0.5}, {5, 5, 5, 10}} {
		low, high := roundedRange(test[0], test[1])
		if low != test[2] || high != test[3] {
			t.Errorf("%v to %v: %v to %v", test[0], test[1], low, high)
		}
	}
}

func TestGoals(t *testing.T) {
	atLeast := goal{reach: 2.5, goal: 4, atLeast: true}
	atMost := goal{reach: 30, goal: 10}
	for _, test := range []struct{ got, want string }{
		{atLeast.verdict(4), "goal"}, {atLeast.verdict(2.5), "reached"}, {atLeast.verdict(2.4), "not reached"},
		{atMost.verdict(10), "goal"}, {atMost.verdict(30), "reached"}, {atMost.verdict(31), "not reached"},
	} {
		if test.got != test.want {
			t.Errorf("got %q, want %q", test.got, test.want)
		}
	}
}
