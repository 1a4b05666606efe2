package scope

import (
	"bufio"
	"encoding/json"
	"os"
	"testing"
)

// Reads lines [file, ranges] of an oracle and compares.
func TestOracle(t *testing.T) {
	list := os.Getenv("SCOPE_ORACLE")
	if list == "" {
		t.Skip()
	}
	f, err := os.Open(list)
	if err != nil {
		t.Fatal(err)
	}
	in := bufio.NewScanner(f)
	in.Buffer(nil, 1<<28)
	files, total, missing, extra, shown := 0, 0, 0, 0, 0
	for in.Scan() {
		var file string
		var ranges []string
		if err := json.Unmarshal(in.Bytes(), &[]any{&file, &ranges}); err != nil {
			t.Fatal(err)
		}
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		language := LanguageOf(file)
		if os.Getenv("SCOPE_JS") != "" {
			language = JavaScript
		}
		s := Scan(src, language)
		want, got := map[[2]int32]bool{}, map[[2]int32]bool{}
		for _, r := range ranges {
			var a [2]int32
			if err := json.Unmarshal([]byte("["+r+"]"), &a); err != nil {
				t.Fatal(err)
			}
			want[a] = true
		}
		for i := range s.Len() {
			if f := s.Func(i); f.Kind != Field && f.Kind != StaticBlock {
				got[[2]int32{f.Start, f.End}] = true
			}
		}
		m, e := 0, 0
		show := func(what string, r [2]int32) {
			if shown < 40 {
				shown++
				end := min(int(r[1]), len(src))
				start := int(r[0])
				t.Logf("%s %s %v: %q >>> %q ... %q", what, file, r, src[max(0, start-60):start], src[start:min(end, start+60)], src[max(start, end-30):min(len(src), end+30)])
			}
		}
		for r := range want {
			if !got[r] {
				m++
				if m <= 2 {
					show("missing", r)
				}
			}
		}
		for r := range got {
			if !want[r] {
				e++
				if e <= 2 {
					show("extra", r)
				}
			}
		}
		files++
		total += len(want)
		missing += m
		extra += e
	}
	t.Logf("%d files, %d functions, %d missing, %d extra", files, total, missing, extra)
}

func TestDump(t *testing.T) {
	file := os.Getenv("SCOPE_FILE")
	if file == "" {
		t.Skip()
	}
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s := Scan(src, LanguageOf(file))
	if os.Getenv("SCOPE_JS") != "" {
		s = Scan(src, JavaScript)
	}
	out := [][]any{}
	for i := range s.Len() {
		f := s.Func(i)
		out = append(out, []any{f.Start, f.End, f.Kind, s.Name(i)})
	}
	data, _ := json.Marshal(out)
	os.Stdout.Write(data)
	os.Stdout.WriteString("\n")
}
