package scopes

// A Picker copies trees of scopes, and ranges, into those of another map.
type Picker struct {
	From, To *Trees
	Name     func(i int32) int32 // the number of a name there
	Source   func(i int32) int32 // the number of a call's source there

	numbers []int32 // by scope of From: 1 + its number in To, 0: not there
}

// Tree copies the scopes of a source, which is that one there, and returns where they stand.
func (p *Picker) Tree(tree Tree, source int32) Tree {
	if p.numbers == nil {
		p.numbers = make([]int32, len(p.From.Scopes))
	}
	first := int32(len(p.To.Scopes))
	for i := tree.Start; i < tree.Start+tree.Len; i++ {
		s := p.From.Scopes[i]
		if s.Parent >= 0 {
			s.Parent = p.numbers[s.Parent] - 1
		}
		variables := p.From.Variables[s.Variables.Start:][:s.Variables.Len]
		s.Source, s.Name, s.Kind, s.Variables.Start = source, p.name(s.Name), p.name(s.Kind), int32(len(p.To.Variables))
		for _, v := range variables {
			p.To.Variables = append(p.To.Variables, p.name(v))
		}
		p.To.Scopes = append(p.To.Scopes, s)
		p.numbers[i] = int32(len(p.To.Scopes))
	}
	return Tree{first, tree.Len}
}

// Has tells whether scope i was copied.
func (p *Picker) Has(i int32) bool { return p.numbers != nil && p.numbers[i] > 0 }

// Range copies a range, which gets that parent there; the scope that it was made from must have been copied, or it has none. pieces returns
// the name of a binding at the start of the range, and what follows of its pieces; nil: all stays.
func (p *Picker) Range(r Range, parent int32, pieces func(name int32, list []Piece) (int32, []Piece)) (number int32) {
	r.Parent = parent
	if r.Definition >= 0 {
		if p.numbers == nil {
			r.Definition = -1
		} else {
			r.Definition = p.numbers[r.Definition] - 1
		}
	}
	if r.CallSource >= 0 {
		r.CallSource = p.Source(r.CallSource)
	}
	bindings := p.From.Bindings[r.Bindings.Start:][:r.Bindings.Len]
	r.Bindings.Start = int32(len(p.To.Bindings))
	for _, b := range bindings {
		name, list := b.Name, p.From.Pieces[b.Pieces.Start:][:b.Pieces.Len]
		if pieces != nil {
			name, list = pieces(name, list)
		}
		p.To.Bindings = append(p.To.Bindings, Binding{p.name(name), Span{int32(len(p.To.Pieces)), int32(len(list))}})
		for _, piece := range list {
			p.To.Pieces = append(p.To.Pieces, Piece{piece.From, p.name(piece.Name)})
		}
	}
	p.To.Ranges = append(p.To.Ranges, r)
	return int32(len(p.To.Ranges)) - 1
}

func (p *Picker) name(i int32) int32 {
	if i < 0 {
		return -1
	}
	return p.Name(i)
}

// Roots calls yield for each tree of scopes in order.
func (t *Trees) Roots(yield func(tree Tree) bool) {
	for i := 0; i < len(t.Scopes); {
		tree := Tree{int32(i), 1}
		for i++; i < len(t.Scopes) && t.Scopes[i].Parent >= 0; i++ {
			tree.Len++
		}
		if !yield(tree) {
			return
		}
	}
}
