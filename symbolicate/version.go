package symbolicate

// Version is that of the module, the C library, the Python package and the command: they go together.
// setup.py reads it from here.
const Version = "0.1.0"
