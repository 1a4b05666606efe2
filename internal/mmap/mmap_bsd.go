//go:build unix && !linux && !aix && !solaris

package mmap

func resize(data []byte, size int) ([]byte, error) {
	other, err := alloc(size)
	if err != nil {
		return nil, err
	}
	copy(other, data)
	free(data)
	return other, nil
}

func advise([]byte) {}
