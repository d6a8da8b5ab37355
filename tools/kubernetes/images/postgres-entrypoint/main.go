// Command postgres-entrypoint starts Postgres in an image that has no shell: it makes the data folder when that is empty and
// then becomes the server. It reads the variables of the official image: POSTGRES_USER, POSTGRES_PASSWORD(_FILE), POSTGRES_DB
// and PGDATA.
//
// Called as `sh` it is what popen(3) and system(3) inside initdb need, and what keeps two pods from one volume: it starts
// Postgres's own programs, or itself once it is alone, and nothing else.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

const binDir = "/usr/local/pgsql/bin"

func main() {
	if filepath.Base(os.Args[0]) == "sh" {
		os.Exit(runAsShell(os.Args[1:]))
	}
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "postgres-entrypoint:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	data := variable("PGDATA", "/var/lib/postgresql/18/docker")
	if _, err := os.Stat(filepath.Join(data, "PG_VERSION")); errors.Is(err, os.ErrNotExist) {
		if err := initialize(data); err != nil {
			return err
		}
	} else if err != nil {
		return err
	}
	// Kept in a folder that is writable in a read-only root.
	command := []string{filepath.Join(binDir, "postgres"), "-D", data, "-c", "listen_addresses=*", "-c", "unix_socket_directories=/tmp"}
	if len(args) > 0 && args[0] == "postgres" {
		args = args[1:]
	}
	return syscall.Exec(filepath.Join(binDir, "postgres"), append(command, args...), withoutPassword(os.Environ()))
}

// initialize works beside the data folder and renames, so that a pod killed half-way starts over with an empty one.
func initialize(data string) error {
	user := variable("POSTGRES_USER", "postgres")
	password, err := readPassword()
	if err != nil {
		return err
	}
	partial := data + ".partial"
	if err := os.RemoveAll(partial); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(data), 0o700); err != nil {
		return err
	}
	passwordFile, err := writeTemporary(password)
	if err != nil {
		return err
	}
	defer os.Remove(passwordFile)
	if err := start("initdb", nil, "--pgdata", partial, "--username", user, "--pwfile", passwordFile, "--encoding=UTF8", "--locale=C",
		"--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--auth-local=trust", "--auth-host=scram-sha-256"); err != nil {
		return err
	}
	if err := allowNetwork(partial); err != nil {
		return err
	}
	if database := variable("POSTGRES_DB", user); database != "postgres" {
		sql := fmt.Sprintf("CREATE DATABASE %q;\n", database)
		if err := start("postgres", strings.NewReader(sql), "--single", "-D", partial, "postgres"); err != nil {
			return err
		}
	}
	return replaceEmpty(partial, data)
}

// A mounted volume may already hold the folder, empty.
func replaceEmpty(partial, data string) error {
	if err := os.Remove(data); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%s has no database but is not empty: %w", data, err)
	}
	return os.Rename(partial, data)
}

func allowNetwork(data string) error {
	file, err := os.OpenFile(filepath.Join(data, "pg_hba.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	if _, err := file.WriteString("host all all all scram-sha-256\n"); err != nil {
		return err
	}
	return file.Close()
}

func start(program string, input *strings.Reader, args ...string) error {
	command := exec.Command(filepath.Join(binDir, program), args...)
	if input != nil {
		command.Stdin = input
	}
	command.Stdout, command.Stderr = os.Stderr, os.Stderr
	command.Env = withoutPassword(os.Environ())
	if err := command.Run(); err != nil {
		return fmt.Errorf("%s: %w", program, err)
	}
	return nil
}

func readPassword() (string, error) {
	if file := os.Getenv("POSTGRES_PASSWORD_FILE"); file != "" {
		content, err := os.ReadFile(file)
		return strings.TrimRight(string(content), "\r\n"), err
	}
	if password := os.Getenv("POSTGRES_PASSWORD"); password != "" {
		return password, nil
	}
	return "", errors.New("POSTGRES_PASSWORD or POSTGRES_PASSWORD_FILE must be set to make a new database")
}

func writeTemporary(content string) (string, error) {
	file, err := os.CreateTemp("", "password-")
	if err != nil {
		return "", err
	}
	if _, err := file.WriteString(content + "\n"); err != nil {
		return "", err
	}
	return file.Name(), file.Close()
}

func variable(name, fallback string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return fallback
}

// The server needs no password, and /proc shows its environment.
func withoutPassword(environment []string) []string {
	kept := environment[:0:0]
	for _, entry := range environment {
		if !strings.HasPrefix(entry, "POSTGRES_PASSWORD") {
			kept = append(kept, entry)
		}
	}
	return kept
}
