package main

import (
	"bytes"
	"fmt"
	"image/color"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	vgdraw "gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// A figure is one SVG: panels side by side, with one legend at their right, outside of the data.
type figure struct {
	name, title string
	panels      []panel
}

// A panel has a logarithmic y axis. x is either one place for each map, or a logarithmic axis.
type panel struct {
	title  string   // what y is, and its unit; above the axis
	maps   []string // names at the places 0, 1, … of x; nil: x is logarithmic
	x      string
	series []series
}

// A series is one row's points, in the order of x.
type series struct {
	row    row
	label  string // in the legend; "": the row's name
	points plotter.XYs
}

// figures lists what there is to draw: a figure without any point is left out.
func figures(r *results) []figure {
	corpus := slices.DeleteFunc(slices.Clone(r.Maps), func(s sample) bool { return s.Growth })
	growth := slices.DeleteFunc(slices.Clone(r.Maps), func(s sample) bool { return !s.Growth })
	perSegment := func(c *cell, s sample) float64 {
		return spreadOf(values(cpuOf(c.Warm))).Median / float64(s.Shape.Segments)
	}
	lookup := func(order string) func(*cell, sample) float64 {
		return func(c *cell, _ sample) float64 { return spreadOf(values(cpuOf(c.Lookup[order]))).Median }
	}
	all := []figure{
		{"load", "Warm ready, ns a segment", []panel{
			byMap(r, corpus, "bytes to ready (warm): ns a segment", perSegment),
		}},
		{"lookup", "Lookup by size of the map", []panel{
			bySize(r, corpus, "lookup, random positions: ns each", lookup("random")),
			bySize(r, corpus, "lookup, sorted positions: ns each", lookup("sorted")),
		}},
		{"size", "Saved form, bytes a segment", []panel{savedPanel(r, corpus)}},
		{"memory", "Peak memory ÷ bytes of the map", []panel{
			byMap(r, corpus, "peak memory ÷ bytes of the map", memoryRatio),
		}},
		{"growth", "Growth", []panel{
			bySize(r, growth, "bytes to ready (warm): ns a segment", perSegment),
			bySize(r, growth, "bytes to ready (warm): ms", func(c *cell, _ sample) float64 {
				return spreadOf(readyMs(c, "Warm")).Median
			}),
		}},
	}
	return slices.DeleteFunc(all, func(f figure) bool { return len(f.panels[0].series) == 0 })
}

func byMap(r *results, samples []sample, title string, value func(*cell, sample) float64) panel {
	p := panel{title: title}
	for _, s := range samples {
		p.maps = append(p.maps, s.ID)
	}
	p.series = seriesOf(r, samples, func(i int, _ sample) float64 { return float64(i) }, value)
	return p
}

func bySize(r *results, samples []sample, title string, value func(*cell, sample) float64) panel {
	inOrder := slices.SortedStableFunc(slices.Values(samples), func(a, b sample) int { return a.Shape.Segments - b.Shape.Segments })
	x := func(_ int, s sample) float64 { return float64(s.Shape.Segments) }
	return panel{title: title, x: "segments of the map", series: seriesOf(r, inOrder, x, value)}
}

func seriesOf(r *results, samples []sample, x func(int, sample) float64, value func(*cell, sample) float64) []series {
	var list []series
	for _, row := range r.Rows {
		sr := series{row: row}
		for i, s := range samples {
			c := r.Cells[s.ID][row.Name]
			if c == nil || c.Failure != "" {
				continue
			}
			if y := value(c, s); y > 0 {
				sr.points = append(sr.points, plotter.XY{X: x(i, s), Y: y})
			}
		}
		if sr.points != nil {
			list = append(list, sr)
		}
	}
	return list
}

// savedPanel has two series for each row with a saved form: the part that holds mappings, where it is known, and all of
// it, with names and source texts.
func savedPanel(r *results, corpus []sample) panel {
	mappings := byMap(r, corpus, "saved form: bytes a segment", func(c *cell, s sample) float64 {
		return float64(c.Packed) / float64(s.Shape.Segments)
	})
	for i := range mappings.series {
		mappings.series[i].label = mappings.series[i].row.Name + ", mappings"
	}
	whole := byMap(r, corpus, "", func(c *cell, s sample) float64 { return float64(c.Saved) / float64(s.Shape.Segments) })
	for _, sr := range whole.series {
		sr.label = sr.row.Name + ", all"
		sr.row.Mark = "ring"
		sr.row.Ours, sr.row.Kernel = false, sr.row.Ours // thinner, dashed
		mappings.series = append(mappings.series, sr)
	}
	return mappings
}

// draw writes every figure into dir.
func draw(r *results, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, f := range figures(r) {
		svg, err := f.svg()
		if err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		if err := replaceFile(filepath.Join(dir, f.name+".svg"), svg); err != nil {
			return err
		}
	}
	return nil
}

const (
	panelWidth  = 520 // points
	panelHeight = 400
	legendWidth = 190
)

func (f figure) svg() ([]byte, error) {
	plot.DefaultFont = font.Font{Typeface: "Liberation", Variant: "Sans"}
	width := vg.Length(panelWidth*len(f.panels) + legendWidth)
	if len(f.panels) == 1 {
		width += 160 // names of maps need the room
	}
	canvas := vgsvg.New(width, panelHeight)
	page := vgdraw.New(canvas)
	page.SetColor(color.White)
	page.Fill(page.Rectangle.Path())

	legend := plot.NewLegend()
	legend.Top, legend.Left = true, true
	legend.Padding = 2
	legend.TextStyle.Font.Size = 10
	known := map[string]bool{}
	area := vgdraw.Crop(page, 8, -legendWidth, 8, -8)
	each := (area.Max.X - area.Min.X) / vg.Length(len(f.panels))
	for i, p := range f.panels {
		drawn, err := p.plot()
		if err != nil {
			return nil, err
		}
		left := area.Min.X + each*vg.Length(i)
		part := area
		part.Min.X, part.Max.X = left, left+each-10
		drawn.Draw(part)
		for _, sr := range p.series {
			if label := sr.name(); !known[label] {
				known[label] = true
				line, dots := sr.style()
				legend.Add(label, &plotter.Line{LineStyle: line}, &plotter.Scatter{GlyphStyle: dots})
			}
		}
	}
	legend.Draw(vgdraw.Crop(page, width-legendWidth+6, 0, 0, -36))

	var out bytes.Buffer
	if _, err := canvas.WriteTo(&out); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func (p panel) plot() (*plot.Plot, error) {
	pl := plot.New()
	pl.Title.Text = p.title
	pl.Title.TextStyle.Font.Size = 12
	pl.Title.Padding = 10
	pl.X.Label.Text = p.x // y has none: the library misplaces one at a logarithmic axis, and lying text reads better
	for _, axis := range []*plot.Axis{&pl.X, &pl.Y} {
		axis.Label.TextStyle.Font.Size = 11
		axis.Tick.Label.Font.Size = 10
	}
	pl.Y.Scale, pl.Y.Tick.Marker = plot.LogScale{}, plot.TickerFunc(logTicks)
	if p.maps == nil {
		pl.X.Scale, pl.X.Tick.Marker = plot.LogScale{}, plot.TickerFunc(logTicks)
	} else {
		ticks := make([]plot.Tick, len(p.maps))
		for i, name := range p.maps {
			ticks[i] = plot.Tick{Value: float64(i), Label: name}
		}
		pl.X.Tick.Marker = plot.ConstantTicks(ticks)
		pl.X.Tick.Label.Rotation = 0.5
		pl.X.Tick.Label.XAlign, pl.X.Tick.Label.YAlign = vgdraw.XRight, vgdraw.YTop
	}
	grid := plotter.NewGrid()
	grid.Vertical.Color, grid.Horizontal.Color = color.Gray{235}, color.Gray{225}
	pl.Add(grid)

	// Ours last, so that it lies on top.
	ordered := slices.SortedStableFunc(slices.Values(p.series), func(a, b series) int { return a.weight() - b.weight() })
	for _, sr := range ordered {
		line, dots := sr.style()
		pl.Add(&plotter.Line{XYs: sr.points, LineStyle: line}, &plotter.Scatter{XYs: sr.points, GlyphStyle: dots})
	}
	pl.Y.Min, pl.Y.Max = roundedRange(pl.Y.Min, pl.Y.Max)
	if p.maps != nil {
		pl.X.Min, pl.X.Max = -0.3, float64(len(p.maps))-0.7
	}
	return pl, nil
}

func (sr series) name() string {
	if sr.label != "" {
		return sr.label
	}
	return sr.row.Name
}

func (sr series) weight() int {
	switch {
	case sr.row.Ours:
		return 2
	case sr.row.Kernel || sr.row.Memory:
		return 1
	}
	return 0
}

func (sr series) style() (vgdraw.LineStyle, vgdraw.GlyphStyle) {
	c := rgb(sr.row.Color)
	line := vgdraw.LineStyle{Color: c, Width: vg.Points(0.9)}
	dots := vgdraw.GlyphStyle{Color: c, Radius: vg.Points(3), Shape: marks[sr.row.Mark]}
	switch {
	case sr.row.Ours:
		line.Width, dots.Radius = vg.Points(3), vg.Points(4.5)
	case sr.row.Kernel || sr.row.Memory:
		line.Width = vg.Points(1.6)
		line.Dashes = []vg.Length{4, 3}
	case sr.row.Floor:
		line.Dashes = []vg.Length{1, 3}
	case sr.row.Env != nil:
		line.Dashes = []vg.Length{5, 2}
	}
	if dots.Shape == nil {
		dots.Shape = vgdraw.CircleGlyph{}
	}
	return line, dots
}

var marks = map[string]vgdraw.GlyphDrawer{
	"disc": vgdraw.CircleGlyph{}, "ring": vgdraw.RingGlyph{}, "square": vgdraw.BoxGlyph{}, "box": vgdraw.SquareGlyph{},
	"triangle": vgdraw.TriangleGlyph{}, "pyramid": vgdraw.PyramidGlyph{}, "plus": vgdraw.PlusGlyph{}, "cross": vgdraw.CrossGlyph{},
}

// rgb reads #rrggbb; black for anything else.
func rgb(text string) color.Color {
	var r, g, b uint8
	if _, err := fmt.Sscanf(text, "#%02x%02x%02x", &r, &g, &b); err != nil {
		return color.Black
	}
	return color.RGBA{r, g, b, 255}
}

// roundedRange widens a range of a logarithmic axis to the next of 1, 2, 5 times a power of ten.
func roundedRange(low, high float64) (float64, float64) {
	if !(low > 0) || !(high > 0) || math.IsInf(low, 0) || math.IsInf(high, 0) {
		return 1, 10
	}
	steps := []float64{1, 2, 5, 10}
	lowBase, highBase := math.Pow(10, math.Floor(math.Log10(low))), math.Pow(10, math.Floor(math.Log10(high)))
	from, to := lowBase, 10*highBase
	for _, step := range steps {
		if step*lowBase <= low {
			from = step * lowBase
		}
	}
	for _, step := range slices.Backward(steps) {
		if step*highBase >= high {
			to = step * highBase
		}
	}
	if from == to {
		to *= 2
	}
	return from, to
}

// logTicks labels powers of ten, and twice and five times them where few decades leave the room.
func logTicks(low, high float64) []plot.Tick {
	if !(low > 0) {
		return nil
	}
	few := math.Log10(high/low) < 3.2
	var ticks []plot.Tick
	for power := math.Pow(10, math.Floor(math.Log10(low))); power <= high*1.0001; power *= 10 {
		for digit := 1.0; digit < 10; digit++ {
			value := digit * power
			if value < low*0.9999 || value > high*1.0001 {
				continue
			}
			label := ""
			if digit == 1 || few && (digit == 2 || digit == 5) {
				label = tickLabel(value)
			}
			ticks = append(ticks, plot.Tick{Value: value, Label: label})
		}
	}
	return ticks
}

// tickLabel writes 20, 0.5, 300 k, 2 M.
func tickLabel(x float64) string {
	switch {
	case x >= 999_999:
		return trimmed(x/1e6) + " M"
	case x >= 9_999:
		return trimmed(x/1e3) + " k"
	}
	return trimmed(x)
}

func trimmed(x float64) string {
	return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.3f", x), "0"), ".")
}
