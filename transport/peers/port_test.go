package peers

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// freePort finds a port that nobody listens at now. Somebody else may take it
// before a program does, which is why those that need one are started by announced.
func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return portOf(l.Addr().String()), nil
}

// announced starts a program that must be told its port, and waits until it says
// that it listens there. If the port was taken, another one is tried: the program
// ends then, or says what the last group of ready matches.
func (r *row) announced(ready string, start func(port string) *program) *program {
	r.Helper()
	ports := r.ports
	if ports == nil {
		ports = freePort
	}
	for range 5 {
		port, err := ports()
		if err != nil {
			r.Fatal(err)
		}
		p := start(port)
		p.host = net.JoinHostPort("127.0.0.1", port)
		switch match, err := p.await(r.ctx, ready); {
		case err == nil && (len(match) == 1 || match[len(match)-1] == ""):
			return p
		case err == nil:
			_ = p.cmd.Process.Kill() // which may have ended by itself
		case r.ctx.Err() != nil:
			r.Fatal(err)
		}
	}
	r.Fatal("no port to be had")
	return nil
}

// observed starts a program that chooses its port and does not say which: the
// kernel does, once it listens.
func (r *row) observed(start func() *program) *program {
	r.Helper()
	p := start()
	again := time.NewTicker(2 * time.Millisecond)
	defer again.Stop()
	for {
		port, err := listensAt(p.cmd.Process.Pid)
		if err != nil || p.hasEnded() {
			r.Fatalf("the peer listens nowhere: %v", err)
		}
		if port != "" {
			p.host = net.JoinHostPort("127.0.0.1", port)
			return p
		}
		select {
		case <-again.C:
		case <-r.ctx.Done():
			r.Fatal("the peer does not listen")
		}
	}
}

// whyUnobservable tells why the kernel cannot be asked where a process listens.
func whyUnobservable() string {
	if _, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/tcp", os.Getpid())); err != nil {
		return "it does not say at which port it listens, and neither does the system: " + err.Error()
	}
	return ""
}

// listensAt is the port at which a process listens, "" if it does not. It is of
// the kernel's table of sockets (Linux: proc(5)), so nobody else can be there.
func listensAt(pid int) (string, error) {
	sockets, err := socketsOf(pid)
	if err != nil || len(sockets) == 0 { // the tables may be long
		return "", err
	}
	for _, table := range []string{"tcp6", "tcp"} { // a socket of IPv6 takes IPv4 too, if it is of all addresses
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/%s", pid, table))
		if errors.Is(err, fs.ErrNotExist) && table == "tcp6" {
			continue // there is no IPv6
		}
		if err != nil {
			return "", err
		}
		for line := range strings.Lines(string(text)) {
			if port, inode := listener(line); port != "" && sockets[inode] {
				return port, nil
			}
		}
	}
	return "", nil
}

// socketsOf are the inodes of a process's sockets.
func socketsOf(pid int) (map[string]bool, error) {
	dir := fmt.Sprintf("/proc/%d/fd/", pid)
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	sockets := map[string]bool{}
	for _, f := range files {
		to, err := os.Readlink(dir + f.Name())
		if err != nil {
			continue // closed meanwhile
		}
		if inode, ok := strings.CutPrefix(to, "socket:["); ok {
			sockets[strings.TrimSuffix(inode, "]")] = true
		}
	}
	return sockets, nil
}

// listener reads a line of the kernel's table: the port, "" if it is no
// listening socket's, and the inode.
func listener(line string) (port, inode string) {
	const listening = "0A"
	f := strings.Fields(line)
	if len(f) < 10 || f[3] != listening {
		return "", ""
	}
	_, hex, _ := strings.Cut(f[1], ":")
	n, err := strconv.ParseUint(hex, 16, 16)
	if err != nil {
		return "", ""
	}
	return strconv.FormatUint(n, 10), f[9]
}

func portOf(addr string) string {
	_, port, _ := net.SplitHostPort(addr)
	return port
}

// TestTakenPort: a program that finds its port taken gets another, and nobody talks
// to who has taken it.
func TestTakenPort(t *testing.T) {
	databases := new(nssDatabases)
	t.Cleanup(databases.stop)
	for _, p := range []peer{gnutls{}, nss{databases}} {
		t.Run(p.name(), func(t *testing.T) {
			require(t, p)
			stranger, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			visited := make(chan bool, 1)
			go func() {
				c, err := stranger.Accept()
				if err == nil {
					_ = c.Close()
				}
				visited <- err == nil
			}()
			asked := 0
			r := &row{T: t, version: versions[len(versions)-1], peer: p, role: server}
			r.ports = func() (string, error) {
				if asked++; asked == 1 {
					return portOf(stranger.Addr().String()), nil
				}
				return freePort()
			}
			r.run()
			_ = stranger.Close()
			if <-visited {
				t.Error("somebody has talked to the stranger")
			}
			if asked < 2 {
				t.Errorf("%d ports asked for", asked)
			}
		})
	}
}

// TestListensAt: the kernel tells of this process's sockets, and of others' nothing.
func TestListensAt(t *testing.T) {
	if why := whyUnobservable(); why != "" {
		t.Skip(why)
	}
	if _, err := exec.LookPath("cat"); err != nil {
		t.Skip(err)
	}
	program := (&row{T: t, dir: t.TempDir(), ctx: context.Background()}).start("cat", nil)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if port, err := listensAt(os.Getpid()); err != nil || port != portOf(l.Addr().String()) {
		t.Errorf("%q, %v; want the port of %v", port, err, l.Addr())
	}
	if port, err := listensAt(program.cmd.Process.Pid); err != nil || port != "" {
		t.Errorf("a program that does not listen is at %q, %v", port, err)
	}
}
