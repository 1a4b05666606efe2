package main

// #include "include/symbolicate.h"
import "C"

import (
	"unsafe"

	"github.com/symbolicate/symbolicate/sourcemap"
)

//export symgo_archive_open
func symgo_archive_open(path *C.char, n C.size_t, out *C.sym_handle, e *C.sym_error) C.sym_status {
	return guard(e, func() status {
		if out == nil {
			return argument("no place for the handle")
		}
		if s := present(unsafe.Pointer(path), n); s != ok {
			return s
		}
		a, err := sourcemap.OpenArchive(C.GoStringN(path, C.int(n)))
		if err != nil {
			return failed(err)
		}
		*out = C.sym_handle(newHandle(a))
		return ok
	})
}

//export symgo_archive_reload
func symgo_archive_reload(handle C.sym_handle, e *C.sym_error) C.sym_status {
	return with(handle, e, func(a *sourcemap.Archive) status { return failed(a.Reload()) })
}

// keyOf reads a key.
func keyOf(key *C.sym_key) (k sourcemap.Key, s status) {
	if key == nil || (key.debug_id.data == nil) == (key.url.data == nil) {
		return k, argument("a key is a debug id or a URL")
	}
	for _, part := range []C.sym_str{key.debug_id, key.url} {
		if s := present(unsafe.Pointer(part.data), part.len); s != ok {
			return k, s
		}
	}
	if k = (sourcemap.Key{DebugID: text(key.debug_id), URL: text(key.url)}); k == (sourcemap.Key{}) {
		return k, argument("an empty key")
	}
	return k, ok
}

//export symgo_archive_get
func symgo_archive_get(handle C.sym_handle, key *C.sym_key, out *C.sym_handle, e *C.sym_error) C.sym_status {
	return with(handle, e, func(a *sourcemap.Archive) status {
		if out == nil {
			return argument("no place for the handle")
		}
		k, s := keyOf(key)
		if s != ok {
			return s
		}
		m, found, err := a.Get(k)
		switch {
		case err != nil:
			return failed(err)
		case !found:
			return status{C.SYM_NOT_FOUND, -1, ""}
		}
		*out = C.sym_handle(newHandle(m))
		return ok
	})
}

//export symgo_archive_keys
func symgo_archive_keys(handle C.sym_handle, out **C.sym_strings, e *C.sym_error) C.sym_status {
	return with(handle, e, func(a *sourcemap.Archive) status {
		if out == nil {
			return argument("no place for the result")
		}
		var texts []*string
		for k := range a.Keys() {
			if k.DebugID != "" {
				texts = append(texts, &k.DebugID, nil)
			} else {
				texts = append(texts, nil, &k.URL)
			}
		}
		if *out = stringsBlock(texts); *out == nil {
			return noRoom
		}
		return ok
	})
}

//export symgo_archive_verify
func symgo_archive_verify(handle C.sym_handle, e *C.sym_error) C.sym_status {
	return with(handle, e, func(a *sourcemap.Archive) status { return failed(a.Verify()) })
}

//export symgo_archive_update
func symgo_archive_update(path *C.char, n C.size_t, changes *C.sym_change, count C.size_t, e *C.sym_error) C.sym_status {
	return guard(e, func() (s status) {
		if s := present(unsafe.Pointer(path), n); s != ok {
			return s
		}
		if changes == nil && count != 0 || tooLong(count) {
			return argument("no changes")
		}
		list := unsafe.Slice(changes, int(count))
		// Arguments first: what is wrong with them is no reason to write.
		keys := make([][]sourcemap.Key, len(list))
		for i := range list {
			c := &list[i]
			if c.keys == nil && c.n != 0 || tooLong(c.n) || c.n == 0 || c.flags&^C.SYM_NO_SOURCES != 0 {
				return argument("change %d: no keys, or unknown flags", i)
			}
			for j := range unsafe.Slice(c.keys, int(c.n)) {
				k, s := keyOf(&unsafe.Slice(c.keys, int(c.n))[j])
				if s != ok {
					return s
				}
				keys[i] = append(keys[i], k)
			}
		}
		err := sourcemap.UpdateArchive(C.GoStringN(path, C.int(n)), func(w *sourcemap.ArchiveWriter) error {
			for i := range list {
				if list[i]._map == 0 {
					for _, k := range keys[i] {
						w.Remove(k)
					}
					continue
				}
				var err error
				options := &sourcemap.SaveOptions{NoSources: list[i].flags&C.SYM_NO_SOURCES != 0, Workers: 1}
				if !use(uint64(list[i]._map), func(m *sourcemap.Map) { err = w.Add(m, options, keys[i]...) }) {
					return errClosed
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
		return failed(err)
	})
}

//export symgo_archive_compact
func symgo_archive_compact(path *C.char, n C.size_t, e *C.sym_error) C.sym_status {
	return guard(e, func() status {
		if s := present(unsafe.Pointer(path), n); s != ok {
			return s
		}
		return failed(sourcemap.CompactArchive(C.GoStringN(path, C.int(n))))
	})
}
