package main

import "slices"

// spread is a middle value and how far the others lie around it.
type spread struct {
	Median, Q1, Q3, Min, Max float64
	N                        int
}

// spreadOf takes the values in any order; all zero for none.
func spreadOf(values []float64) spread {
	if len(values) == 0 {
		return spread{}
	}
	v := slices.Sorted(slices.Values(values))
	return spread{
		Median: quantile(v, 0.5), Q1: quantile(v, 0.25), Q3: quantile(v, 0.75),
		Min: v[0], Max: v[len(v)-1], N: len(v),
	}
}

// quantile reads between the two nearest of the sorted values.
func quantile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	i := int(at)
	if i+1 == len(sorted) {
		return sorted[i]
	}
	part := at - float64(i)
	return sorted[i]*(1-part) + sorted[i+1]*part
}

// ratios divides theirs by ours, round by round: what lies further apart in time is not compared. Rounds that lack
// either give none.
func ratios(theirs, ours map[int]float64) []float64 {
	var list []float64
	for round, value := range theirs {
		if base := ours[round]; base > 0 && value > 0 {
			list = append(list, value/base)
		}
	}
	return list
}
