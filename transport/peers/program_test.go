package peers

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"time"
)

// program is a peer that is a process, with what it prints on its screen.
type program struct {
	screen
	cmd  *exec.Cmd
	in   io.WriteCloser
	host string // of a server
	logs string // the file that it writes its key log to
	bulk *bulkSink
}

// start runs a program until it ends, or the row does. What it prints is shown
// if the row fails.
func (r *row) start(name string, env []string, args ...string) *program {
	r.Helper()
	p := &program{cmd: exec.CommandContext(r.ctx, name, args...), logs: r.file("keys")}
	p.cmd.Env = append(append(os.Environ(), "SSLKEYLOGFILE="+p.logs, "LC_ALL=C"), env...)
	p.cmd.Dir = r.dir
	p.cmd.WaitDelay = time.Minute // for what it printed last
	var err error
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		r.Fatal(err)
	}
	p.cmd.Stdout, p.cmd.Stderr = p, p
	if r.terms.bulk {
		n, _, _ := bulkOf(r)
		p.bulk = newBulkSink(n, &p.screen)
		p.cmd.Stdout = p.bulk
	}
	if err := p.cmd.Start(); err != nil {
		r.Fatal(err)
	}
	go func() {
		err := p.cmd.Wait()
		p.printf("\n[%v: %v]\n", name, p.cmd.ProcessState)
		if err != nil {
			p.printf("[%v]\n", err)
		}
		p.end()
	}()
	r.Cleanup(func() {
		_ = p.cmd.Process.Kill() // which may have ended by itself
		_ = p.awaitEnd(context.Background())
		if r.Failed() {
			r.Logf("%s %s\n%s", name, strings.Join(args, " "), printable(p.String()))
		}
	})
	return p
}

var hexLines = regexp.MustCompile(`(?m)^ +([0-9a-f]{2} ?)+\n`)

var pemBlock = regexp.MustCompile(`-----BEGIN [^-]+-----[^-]+-----END [^-]+-----`)

// printable shortens what a program printed to what helps.
func printable(s string) string {
	const most = 6000
	s = middleless(s, 20*most)
	s = hexLines.ReplaceAllString(s, "")
	s = pemBlock.ReplaceAllString(s, "[PEM]")
	return middleless(s, most)
}

// middleless leaves out the middle of what is longer than most.
func middleless(s string, most int) string {
	if len(s) > most {
		s = s[:most/2] + "\n…\n" + s[len(s)-most/2:]
	}
	return s
}

func (p *program) addr() string { return p.host }

// say is what the program's user types. It may have ended meanwhile.
func (p *program) say(text string) { _, _ = io.WriteString(p.in, text) }

func (p *program) hear(ctx context.Context, text string) error {
	_, err := p.await(ctx, regexp.QuoteMeta(text))
	return err
}

// quit ends the typing, which is how most clients are told to close.
func (p *program) quit() { _ = p.in.Close() }

func (p *program) keyLog() string {
	text, err := os.ReadFile(p.logs)
	if err != nil {
		return ""
	}
	return string(text)
}

// stream types bytes and reads those that the sink is for.
func (p *program) stream(ctx context.Context, send, _ int64) (sent, received string, err error) {
	sent, err = sendBulk(p.in, send, false)
	if err != nil {
		return "", "", fmt.Errorf("typing: %w", err)
	}
	received, err = p.bulk.wait(ctx)
	return sent, received, err
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}
