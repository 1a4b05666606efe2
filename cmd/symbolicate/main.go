// Command symbolicate turns minified JavaScript stack traces back into the code people wrote.
//
// Exit codes: 0 at least one frame or position was mapped (with --require-all: all of them),
// 1 nothing was (or not all), 2 bad usage or input, 130 interrupted. Commands that map nothing: 0 done, 1 not all of it,
// 2 nothing of it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/fatih/color"
	"github.com/spf13/cobra"

	"github.com/symbolicate/symbolicate/symbolicate"
)

const (
	exitMapped      = 0
	exitNotMapped   = 1
	exitBadInput    = 2
	exitInterrupted = 130
)

// errNotMapped ends a command whose answer has been printed already, with exit code 1.
var errNotMapped = errors.New("not mapped")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	code := make(chan int, 1)
	go func() { code <- run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr) }()
	select {
	case c := <-code:
		os.Exit(c)
	case <-ctx.Done():
		// A command that writes files ends by itself, without leaving half of one. Others may sit in a read that
		// nothing ends, of a pipe or a terminal.
		select {
		case <-code:
		case <-time.After(patience()):
		}
		os.Exit(exitInterrupted)
	}
}

// writes counts the commands at work that write files.
var writes atomic.Int32

// patience is how long an interrupted command may take to end by itself.
func patience() time.Duration {
	if writes.Load() > 0 {
		return time.Minute
	}
	return 0
}

// run is main with its surroundings as arguments; it returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := &cobra.Command{
		Use:           "symbolicate",
		Short:         "Turn minified JavaScript stack traces back into the code people wrote",
		Version:       symbolicate.Version,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.CompletionOptions.HiddenDefaultCmd = true
	colour := root.PersistentFlags().String("color", "auto", "colour: auto (on a terminal, unless NO_COLOR is set), always, never")
	root.PersistentPreRunE = func(*cobra.Command, []string) error { return setColour(*colour) }
	root.AddCommand(stackCommand(), lookupCommand(), inspectCommand(), validateCommand(), indexCommand(), scopesCommand(), composeCommand(), rewriteCommand(), benchCommand())

	err := root.ExecuteContext(ctx)
	switch {
	case ctx.Err() != nil:
		return exitInterrupted
	case errors.Is(err, errNotMapped):
		return exitNotMapped
	case err != nil:
		fmt.Fprintf(stderr, "symbolicate: %s\n", clean(err.Error()))
		return exitBadInput
	}
	return exitMapped
}

// plain is what the library found out about the terminal and NO_COLOR.
var plain = color.NoColor

func setColour(when string) error {
	switch when {
	case "auto":
		color.NoColor = plain
	case "always":
		color.NoColor = false
	case "never":
		color.NoColor = true
	default:
		return fmt.Errorf("--color %s: want auto, always or never", when)
	}
	for _, style := range styles { // each has looked at NO_COLOR itself, which --color always overrules
		if color.NoColor {
			style.DisableColor()
		} else {
			style.EnableColor()
		}
	}
	return nil
}
