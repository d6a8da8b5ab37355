package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"chatcluster.dev/tools/images/alone"
)

const (
	notAllowed = 126
	notFound   = 127
)

func runAsShell(args []string) int {
	if !alone.IsCall(args) {
		return runForInitdb(args)
	}
	return refuse(alone.Run(args).Error())
}

// runForInitdb obeys `sh -c '"/usr/local/pgsql/bin/postgres" -V 2>/dev/null'` and the like: one program of Postgres, plain or
// quoted words, redirections to and from /dev/null. Everything else is refused.
func runForInitdb(args []string) int {
	if len(args) > 0 && args[0] == "-c" {
		args = args[1:]
	}
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) != 1 {
		return refuse("there is no shell in this image")
	}
	words, err := splitWords(args[0])
	if err != nil || len(words) == 0 || filepath.Dir(words[0]) != binDir {
		return refuse("this image starts Postgres's own programs only")
	}
	command := exec.Command(words[0])
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	for i := 1; i < len(words); i++ {
		if !redirect(command, words, &i) {
			command.Args = append(command.Args, words[i])
		}
	}
	if err := command.Run(); err != nil {
		if exit, ok := err.(*exec.ExitError); ok {
			return exit.ExitCode()
		}
		return notFound
	}
	return 0
}

func refuse(why string) int {
	fmt.Fprintln(os.Stderr, "sh:", why)
	return notAllowed
}

// redirect takes `>/dev/null`, `2>&1` and `<` with its file as the next word; nil is /dev/null.
func redirect(command *exec.Cmd, words []string, i *int) bool {
	word := words[*i]
	switch {
	case word == "2>&1":
		command.Stderr = command.Stdout
	case word == "<" || word == ">" || word == "2>":
		*i++
		discard(command, word)
	case strings.HasSuffix(word, os.DevNull):
		discard(command, strings.TrimSuffix(word, os.DevNull))
	default:
		return false
	}
	return true
}

func discard(command *exec.Cmd, stream string) {
	switch stream {
	case "<":
		command.Stdin = nil
	case ">":
		command.Stdout = nil
	case "2>":
		command.Stderr = nil
	}
}

// splitWords knows blanks, single and double quotes; what only a real shell could do is an error.
func splitWords(line string) ([]string, error) {
	var words []string
	var word strings.Builder
	started, quote := false, rune(0)
	for _, char := range line {
		switch {
		case quote != 0 && char == quote:
			quote = 0
		case quote == 0 && (char == '"' || char == '\''):
			quote, started = char, true
		case quote == 0 && strings.ContainsRune(";|`$()\n*?[", char), quote == '"' && strings.ContainsRune("`$\\", char):
			return nil, fmt.Errorf("%q is not supported", char)
		case quote == 0 && char == ' ':
			if started {
				words = append(words, word.String())
			}
			word.Reset()
			started = false
		default:
			word.WriteRune(char)
			started = true
		}
	}
	if quote != 0 {
		return nil, fmt.Errorf("a quote is not closed")
	}
	if started {
		words = append(words, word.String())
	}
	return words, nil
}
