package symbolicate

// A Frame is one line of a stack trace, as printed or symbolicated.
type Frame struct {
	Function string // as the engine prints it, "" for none (anonymous, or top level)
	File     string // URL or path; "" for none. After symbolication that of the original source
	Line     int    // 1-based, 0: not given
	Column   int    // 1-based, UTF-16 code units, 0: not given; in bytecode (WebAssembly, Hermes) the address printed + 1, in bytes
	Kind     Kind
	Raw      string // the line as printed, without its line end
	async    bool   // the engine marks it as waiting, in front of the place: "at async URL:1:2"

	// Set by symbolication:

	Minified   *Frame     // the frame as it was printed; nil before symbolication
	Mapped     bool       // a map had the original position: File, Line and Column are the original ones
	NameSource NameSource // where Function comes from
	In         string     // the nearest function with a name around one that has none, "": none, or not known
	Module     string     // path of the original source without scheme, leading dots and extension
	InApp      bool       // neither native nor of a library (node_modules, ignore list of the map)
	Context    *Context   // the code around the position; nil where the source text is not to be had
	MapName    string     // the map that was used, or tried: its path below the search path, or its URL
	Reason     Reason     // why the frame is not mapped, or has no code; "" when all is well
	Detail     string     // Reason in one line of words; without a Reason, what else is to be known
	// Inlined marks a frame that the engine did not have: by the scopes of the map its function was inlined into that of
	// the next frame, with which it shares Minified.
	Inlined bool
	// Hidden marks a frame whose function the compiler made, of a block for example: by the scopes of the map the original
	// program has no such call, and the frame and its caller's are one there.
	Hidden bool
}

// Kind tells frames in files from those that no map can have.
type Kind uint8

const (
	KindCode   Kind = iota // code in a file or at a URL
	KindNative             // inside the engine: "native code", "<anonymous>" built-ins, Promise.all (index 0)
	KindEval               // code made by eval or new Function: File, Line and Column say where that was called
)

// NameSource says where the name of a frame's function comes from.
type NameSource string

const (
	NamePrinted  NameSource = "printed" // the trace as printed
	NameOriginal NameSource = "source"  // the text of the original source; an empty name is then one of module level, or anonymous
	// NameMinified: the function of the minified code, by the names that the map has for its identifiers.
	NameMinified NameSource = "names"
	NameCaller   NameSource = "caller" // the token at the call site in the calling frame
	NameScopes   NameSource = "scopes" // the scopes in the map; an empty name is then one of module level, or anonymous
	// NameFunctionMap: the map lists the original functions, in x_facebook_sources (Metro) or x_com_bloomberg_sourcesFunctionMappings.
	NameFunctionMap NameSource = "function_map"
)

// Context is the code around a position in an original source.
type Context struct {
	Pre  []string // up to five lines before
	Line string   // the line itself; of one longer than MaxContextLine, what stands around the column
	Cut  int      // UTF-16 code units that Line lacks at its front: 0 but for such long lines
	Post []string // up to five lines after
}

// Reason is a stable code for why a frame was not mapped, or is without its code.
type Reason string

const (
	ReasonNative        Reason = "native"         // inside the engine: there is no file
	ReasonNoFile        Reason = "no_file"        // the frame names no file ("<anonymous>", "eval code")
	ReasonNoLine        Reason = "no_line"        // the frame has no line, or line 0
	ReasonNoColumn      Reason = "no_column"      // the frame has no column; a minified line holds the whole program
	ReasonNoMap         Reason = "no_map"         // no map for this file among the paths and artifacts given
	ReasonAmbiguous     Reason = "ambiguous"      // several files fit equally well
	ReasonNoMapping     Reason = "no_mapping"     // the map has nothing at this position
	ReasonNotJSON       Reason = "not_json"       // what should be the map is no JSON: an HTML page?
	ReasonMalformed     Reason = "malformed"      // the map is broken
	ReasonUnreadable    Reason = "unreadable"     // the file of the map cannot be read
	ReasonLimit         Reason = "limit"          // a documented limit kept the map from being read
	ReasonSourceMissing Reason = "source_missing" // mapped, but the map has no text for the source and none lies beside it
)

// A Stack is a stack trace: a message, frames, and the lines between and behind them.
type Stack struct {
	Preamble string // the excerpt that Node.js prints before the message of an uncaught error, else ""
	Message  string // what stands before the first frame: "TypeError: x is not a function"
	Frames   []Frame

	// between[i] are the bytes before frame i that are of no frame and not of the message: line ends,
	// and lines between frames. The last entry stands behind all. nil: the frames were put together
	// by hand, each is a line.
	between       []string
	afterPreamble string // its line end
}
