// Package rules holds a test of the order of the rooms: imports point one way.
package rules

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const module = "github.com/symbolicate/symbolicate"

// goPackage is a package as `go list -json` describes it.
type goPackage struct {
	ImportPath                         string
	Imports, TestImports, XTestImports []string
}

// ours returns those of the imports that are rooms of this module, by their names in it.
func ours(imports []string) (rooms []string) {
	for _, path := range imports {
		if room, is := strings.CutPrefix(path, module+"/"); is {
			rooms = append(rooms, room)
		}
	}
	return rooms
}

// allowed lists what each room may import of this module; a room that is not listed may import
// nothing. A trailing /* stands for everything below. Tests of a room may also import the room itself.
var allowed = map[string][]string{
	"internal/*":      {"internal/*"},
	"sourcemap":       {"internal/*"},
	"symbolicate":     {"sourcemap", "internal/unwrap"},
	"cabi":            {"sourcemap", "symbolicate"},
	"cmd/symbolicate": {"sourcemap", "symbolicate"},
}

func matches(pattern, room string) bool {
	if folder, is := strings.CutSuffix(pattern, "*"); is {
		return strings.HasPrefix(room, folder)
	}
	return pattern == room
}

func mayImport(room, imported string) bool {
	for pattern, list := range allowed {
		if matches(pattern, room) && slices.ContainsFunc(list, func(p string) bool { return matches(p, imported) }) {
			return true
		}
	}
	return false
}

// faults returns a sentence for each import that breaks a rule.
func faults(packages []goPackage) (found []string) {
	for _, p := range packages {
		room, is := strings.CutPrefix(p.ImportPath, module+"/")
		if !is {
			continue
		}
		for _, imported := range ours(p.Imports) {
			if !mayImport(room, imported) {
				found = append(found, fmt.Sprintf("%s imports %s", room, imported))
			}
		}
		for _, imported := range ours(append(p.TestImports, p.XTestImports...)) {
			if imported != room && !mayImport(room, imported) {
				found = append(found, fmt.Sprintf("a test of %s imports %s", room, imported))
			}
		}
		for _, imported := range p.Imports {
			if imported == "C" && room != "cabi" {
				found = append(found, room+" imports C, which only cabi may")
			}
			if strings.HasPrefix(imported, "github.com/go-sourcemap/") {
				found = append(found, room+" imports another engine outside its tests")
			}
		}
	}
	return found
}

func TestImportsPointOneWay(t *testing.T) {
	command := exec.Command("go", "list", "-json=ImportPath,Imports,TestImports,XTestImports", "-deps", "-test", "./...")
	command.Dir = "../.."
	out, err := command.Output()
	require.NoError(t, err)
	var packages []goPackage
	seen := map[string]bool{}
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else {
			require.NoError(t, err)
		}
		// "p [p.test]" is p built for its tests, "p.test" the program that runs them.
		p.ImportPath, _, _ = strings.Cut(p.ImportPath, " ")
		if strings.HasSuffix(p.ImportPath, ".test") || strings.HasSuffix(p.ImportPath, "_test") {
			continue
		}
		packages = append(packages, p)
		seen[p.ImportPath] = true
	}
	for _, room := range []string{"sourcemap", "symbolicate", "cabi", "cmd/symbolicate", "internal/index"} {
		require.True(t, seen[module+"/"+room], "go list does not show %s", room)
	}
	assert.Empty(t, faults(packages))
}

// The rules can be broken: each of these imports is a fault, and one that is allowed is none.
func TestForbiddenImports(t *testing.T) {
	at := func(room string) string { return module + "/" + room }
	for _, c := range []struct {
		name  string
		of    goPackage
		fault string
	}{
		{"allowed", goPackage{ImportPath: at("symbolicate"), Imports: []string{at("sourcemap"), "fmt"}}, ""},
		{"back up", goPackage{ImportPath: at("sourcemap"), Imports: []string{at("symbolicate")}}, "sourcemap imports symbolicate"},
		{"internal goes out", goPackage{ImportPath: at("internal/vlq"), Imports: []string{at("sourcemap")}}, "internal/vlq imports sourcemap"},
		{"past a room", goPackage{ImportPath: at("cabi"), Imports: []string{at("internal/index")}}, "cabi imports internal/index"},
		{"the command from below", goPackage{ImportPath: at("symbolicate"), Imports: []string{at("cmd/symbolicate")}}, "symbolicate imports cmd/symbolicate"},
		{"cabi", goPackage{ImportPath: at("cmd/symbolicate"), Imports: []string{at("cabi")}}, "cmd/symbolicate imports cabi"},
		{"a new room", goPackage{ImportPath: at("tools"), Imports: []string{at("sourcemap")}}, "tools imports sourcemap"},
		{"in a test", goPackage{ImportPath: at("sourcemap"), XTestImports: []string{at("sourcemap"), at("symbolicate")}}, "a test of sourcemap imports symbolicate"},
		{"C", goPackage{ImportPath: at("sourcemap"), Imports: []string{"C"}}, "sourcemap imports C, which only cabi may"},
		{"another engine", goPackage{ImportPath: at("sourcemap"), Imports: []string{"github.com/go-sourcemap/sourcemap"}}, "sourcemap imports another engine outside its tests"},
	} {
		t.Run(c.name, func(t *testing.T) {
			found := strings.Join(faults([]goPackage{c.of}), "; ")
			assert.Equal(t, c.fault, found)
		})
	}
}
