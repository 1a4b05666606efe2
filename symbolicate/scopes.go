package symbolicate

import (
	"strings"

	"github.com/symbolicate/symbolicate/sourcemap"
)

// applyScopes gives the frame the place and the name that the scopes of the map have for the position, and returns the
// frames of the functions that were inlined there, the innermost first.
func (s *Symbolicator) applyScopes(l *loaded, f *Frame, position sourcemap.Position) (inlined []Frame) {
	frames := l.m.OriginalFrames(position)
	for i, original := range frames {
		at := f
		if i < len(frames)-1 {
			indent, body, _ := splitLine(f.Raw) // what may stand behind belongs to the engine's own frame
			inlined = append(inlined, Frame{
				Function: f.Function, Kind: f.Kind, Raw: indent + body, Minified: f.Minified, NameSource: f.NameSource, MapName: f.MapName, Detail: f.Detail,
			})
			at = &inlined[i]
		}
		at.Inlined, at.Hidden = original.Inlined, original.Hidden
		if original.Known {
			at.Function, at.NameSource = original.Function, NameScopes
		}
		s.original(l, at, original.Source, original.Original)
		at.Detail = oneLine(at.Detail)
	}
	return inlined
}

// printed returns the stack without frames that an earlier symbolication put in.
func (s Stack) printed() Stack {
	first := 0
	for first < len(s.Frames) && !s.Frames[first].Inlined {
		first++
	}
	if first == len(s.Frames) {
		return s
	}
	out := s
	out.Frames, out.between = nil, nil
	for i := range s.Frames {
		if s.Frames[i].Inlined {
			continue
		}
		if s.between != nil {
			// What stood before the frames put in was before the engine's own.
			before := i
			for before > 0 && s.Frames[before-1].Inlined {
				before--
			}
			out.between = append(out.between, s.gap(before))
		}
		out.Frames = append(out.Frames, s.Frames[i])
	}
	if s.between != nil {
		out.between = append(out.between, s.gap(len(s.Frames)))
	}
	return out
}

// insert puts frames before those with these numbers, each a line of its own.
func (s Stack) insert(more map[int][]Frame) Stack {
	if len(more) == 0 {
		return s
	}
	out := s
	out.Frames, out.between = nil, nil
	for i := range s.Frames {
		gap := s.gap(i)
		for _, f := range more[i] {
			out.Frames = append(out.Frames, f)
			out.between = append(out.between, gap)
			if gap = "\n"; strings.Contains(s.gap(max(i, 1)), "\r\n") {
				gap = "\r\n"
			}
		}
		out.Frames = append(out.Frames, s.Frames[i])
		out.between = append(out.between, gap)
	}
	if s.between == nil {
		out.between = nil
	} else {
		out.between = append(out.between, s.gap(len(s.Frames)))
	}
	return out
}
