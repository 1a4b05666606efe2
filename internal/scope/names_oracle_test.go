package scope

import (
	"bufio"
	"encoding/json"
	"os"
	"testing"
)

func TestNamesOracle(t *testing.T) {
	list := os.Getenv("SCOPE_NAMES")
	if list == "" {
		t.Skip()
	}
	f, err := os.Open(list)
	if err != nil {
		t.Fatal(err)
	}
	in := bufio.NewScanner(f)
	in.Buffer(nil, 1<<28)
	total, wrong, missing, shown, named := 0, 0, 0, 0, 0
	for in.Scan() {
		var file string
		var list [][3]any
		if err := json.Unmarshal(in.Bytes(), &[]any{&file, &list}); err != nil {
			t.Fatal(err)
		}
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		s := Scan(src, LanguageOf(file))
		got := map[[2]int]string{}
		for i := range s.Len() {
			if f := s.Func(i); f.Kind != Field && f.Kind != StaticBlock {
				got[[2]int{int(f.Start), int(f.End)}] = s.Name(i)
			}
		}
		for _, w := range list {
			at := [2]int{int(w[0].(float64)), int(w[1].(float64))}
			want, _ := w[2].(string)
			total++
			if want != "" {
				named++
			}
			name, has := got[at]
			if !has {
				missing++
				if missing < 10 {
					t.Logf("not found %q: %s %v %q >>> %q", want, file, at, src[max(0, at[0]-70):at[0]], src[at[0]:min(at[1], at[0]+40)])
				}
				continue
			}
			if name != want {
				wrong++
				if shown < 40 {
					shown++
					t.Logf("want %q got %q: %s %q >>> %q", want, name, file, src[max(0, at[0]-70):at[0]], src[at[0]:min(at[1], at[0]+40)])
				}
			}
		}
	}
	t.Logf("%d functions, %d with a name; %d not found, %d wrong names", total, named, missing, wrong)
}
