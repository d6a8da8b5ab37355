// Command alone-sh is the `sh` of an image that has no shell: it knows one script of the operator; see package alone.
package main

import (
	"fmt"
	"os"

	"chatcluster.dev/tools/images/alone"
)

func main() {
	err := fmt.Errorf("there is no shell in this image")
	if alone.IsCall(os.Args[1:]) {
		err = alone.Run(os.Args[1:])
	}
	fmt.Fprintln(os.Stderr, "sh:", err)
	os.Exit(126)
}
