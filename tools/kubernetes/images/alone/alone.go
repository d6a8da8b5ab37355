// Package alone keeps two pods from working on one volume at the same time. Kubernetes starts the successor of a pod that was
// deleted by force before the old one has ended, and what two servers write to one data folder is lost.
package alone

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

// Name is what the operator calls its script in `sh -c script alone FILE PROGRAM ARGS…`.
const Name = "alone"

// IsCall tells whether these arguments of `sh` are such a call.
func IsCall(args []string) bool {
	return len(args) > 4 && args[0] == "-c" && args[2] == Name
}

// Run does what the script does in a real shell: it waits for the lock of FILE and becomes PROGRAM. The lock belongs to the
// open file, which the program and its children inherit, so it is free when the last of them has ended.
func Run(args []string) error {
	file, program := args[3], args[4:]
	lock, err := syscall.Open(file, syscall.O_WRONLY|syscall.O_CREAT|syscall.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if err := take(lock); err != nil {
		return fmt.Errorf("the lock of %s: %w", file, err)
	}
	path, err := exec.LookPath(program[0])
	if err != nil {
		return err
	}
	return syscall.Exec(path, program, os.Environ())
}

func take(lock int) error {
	err := syscall.Flock(lock, syscall.LOCK_EX|syscall.LOCK_NB)
	if !errors.Is(err, syscall.EWOULDBLOCK) {
		return err
	}
	fmt.Fprintln(os.Stderr, "Another pod still works on this volume; waiting until it has ended.")
	for {
		// Signals of Go's own runtime interrupt it.
		if err = syscall.Flock(lock, syscall.LOCK_EX); !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}
