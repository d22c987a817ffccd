package handshake_test

import (
	"testing"

	"tacet/handshake"
	"tacet/handshake/msg"
	"tacet/record"
)

// What goes wrong after the handshake, and alerts at any time.

// saysKeyUpdate says a KeyUpdate, and changes mallory's keys.
func saysKeyUpdate(request byte) func(p *mallory) {
	return func(p *mallory) {
		p.record(22, []byte{24, 0, 0, 1, request})
		p.wr = p.wr.Next()
		p.lock = lock13(p.wr)
	}
}

func ticket13(f func(m *msg.NewSessionTicket13)) deed {
	return edit("NewSessionTicket", f)
}

func tickets(n int) func(p *mallory) {
	return func(p *mallory) {
		m := msg.NewSessionTicket13{Lifetime: 1, Ticket: []byte("one of many")}
		times(n, sends(22, m.Append(nil)...))(p)
	}
}

// answers counts the victim's KeyUpdates, once it has said something.
func answers(n int) func(t *testing.T, p *mallory) {
	return func(t *testing.T, p *mallory) {
		if p.updates != n {
			t.Errorf("%d KeyUpdates of the victim, want %d", p.updates, n)
		}
	}
}

func warned(want record.Alert, least int) func(t *testing.T, p *mallory) {
	return func(t *testing.T, p *mallory) {
		if len(p.warnings) < least {
			t.Fatalf("%d warnings", len(p.warnings))
		}
		for _, a := range p.warnings {
			if a != want {
				t.Errorf("warning %v", a)
			}
		}
	}
}

// renegotiate asks for another handshake: with a whole ClientHello, or a HelloRequest.
func renegotiate(p *mallory) {
	if p.sc.client {
		p.record(22, []byte{0, 0, 0, 0})
	} else {
		p.record(22, p.log[0])
	}
}

var postRows = []bad{
	{name: "KeyUpdate", ref: "B58", in: good2(c13("")), do: atEnd(saysKeyUpdate(0)), fine: answers(0)},
	{name: "KeyUpdate that asks for one", ref: "B58", in: good2(c13("")), do: atEnd(saysKeyUpdate(1)), fine: answers(1)},
	{name: "32 KeyUpdates that ask", ref: "B58", in: good2(c13("")), do: atEnd(times(32, saysKeyUpdate(1))), fine: answers(1)},
	{name: "33 KeyUpdates", ref: "B58", in: connected13, do: atEnd(times(33, saysKeyUpdate(0))),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindTooManyKeyUpdates},
	{name: "KeyUpdate of 2", ref: "B58", in: connected13, do: atEnd(sends(22, 24, 0, 0, 1, 2)),
		alert: record.AlertIllegalParameter, kind: handshake.KindIllegalParameter, field: "KeyUpdate.request_update"},
	{name: "KeyUpdate of 255", ref: "B58", in: connected13, do: atEnd(sends(22, 24, 0, 0, 1, 255)),
		alert: record.AlertIllegalParameter, kind: handshake.KindIllegalParameter, field: "KeyUpdate.request_update"},
	{name: "empty KeyUpdate", ref: "B58", in: connected13, do: atEnd(sends(22, 24, 0, 0, 0)),
		alert: record.AlertDecodeError, kind: handshake.KindDecode, field: "KeyUpdate.request_update"},
	{name: "long KeyUpdate", ref: "B58", in: connected13, do: atEnd(sends(22, 24, 0, 0, 2, 0, 0)),
		alert: record.AlertDecodeError, kind: handshake.KindMessageTooLong, field: "KeyUpdate.length"},
	{name: "KeyUpdate before Finished", ref: "B58", in: finishing13, do: before("Finished", sends(22, 24, 0, 0, 1, 0)),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindUnexpectedMessage, field: "KeyUpdate"},
	{name: "KeyUpdate in TLS 1.2", ref: "B58", in: connected12, do: atEnd(sends(22, 24, 0, 0, 1, 0)),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindUnexpectedMessage, field: "KeyUpdate"},
	{name: "bytes behind KeyUpdate", ref: "B17", in: connected13, do: atEnd(sends(22, 24, 0, 0, 1, 0, 24)),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindExcessHandshakeData, field: "KeyUpdate"},
	{name: "two KeyUpdates in a record", ref: "B17", in: connected13, do: atEnd(sends(22, 24, 0, 0, 1, 0, 24, 0, 0, 1, 0)),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindExcessHandshakeData, field: "KeyUpdate"},
	{name: "data under the old keys after KeyUpdate", ref: "B58 B11", in: connected13, do: atEnd(func(p *mallory) { p.record(22, []byte{24, 0, 0, 1, 0}); leak(p) }),
		alert: record.AlertBadRecordMAC, kind: handshake.KindBadRecordMAC},
	{name: "data under new keys without KeyUpdate", ref: "B58 B11", in: connected13, do: atEnd(func(p *mallory) { p.lock = lock13(p.wr.Next()); leak(p) }),
		alert: record.AlertBadRecordMAC, kind: handshake.KindBadRecordMAC},

	{name: "a ticket for more than seven days", ref: "RFC 9846 §4.7.1", in: []scene{c13("connected")}, do: ticket13(func(m *msg.NewSessionTicket13) { m.Lifetime = 7*24*3600 + 1 }),
		alert: record.AlertIllegalParameter, kind: handshake.KindIllegalParameter, field: "NewSessionTicket.ticket_lifetime"},
	{name: "an empty ticket", ref: "RFC 9846 §4.7.1", in: []scene{c13("connected")}, do: ticket13(func(m *msg.NewSessionTicket13) { m.Ticket = nil }),
		alert: record.AlertDecodeError, kind: handshake.KindDecode, field: "NewSessionTicket.ticket"},
	{name: "a ticket with an unknown extension", ref: "RFC 9846 §4.7.1", in: []scene{c13("")}, do: add("NewSessionTicket", 0x4444), fine: goesOn},
	{name: "a ticket with an extension of other messages", ref: "RFC 9846 §4.3", in: []scene{c13("connected")}, do: add("NewSessionTicket", msg.ExtKeyShare, 0, 0),
		alert: record.AlertIllegalParameter, kind: handshake.KindForbiddenExtension, field: "extension key_share"},
	{name: "a ticket with early_data twice", ref: "B24", in: []scene{c13("connected")}, do: all(change("NewSessionTicket", func(m msg.Raw) []byte {
		return extend(m, func([]extension) []extension {
			return []extension{{msg.ExtEarlyData, make([]byte, 4)}, {msg.ExtEarlyData, make([]byte, 4)}}
		})
	})), alert: record.AlertIllegalParameter, kind: handshake.KindDuplicateExtension, field: "extension early_data"},
	{name: "a ticket for no time is dropped", ref: "RFC 9846 §4.7.1", in: []scene{c13("")}, do: ticket13(func(m *msg.NewSessionTicket13) { m.Lifetime = 0 }), fine: func(t *testing.T, p *mallory) {
		if p.e.Session() != nil {
			t.Error("kept")
		}
	}},
	{name: "33 tickets", ref: "RFC 9846 §4.7.1, our bound", in: []scene{c13("connected")}, do: atEnd(tickets(33)),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindTooManyTickets},
	{name: "a ticket from a client", ref: "B46", in: []scene{s13("connected")}, do: atEnd(tickets(1)),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindUnexpectedMessage, field: "NewSessionTicket"},
	{name: "a ticket before the client's Finished is heard", ref: "B46", in: []scene{c13("waitServerFinished")}, do: before("Finished", tickets(1)),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindUnexpectedMessage, field: "NewSessionTicket"},
	{name: "CertificateRequest after the handshake, not offered", ref: "RFC 9846 §4.7.2", in: []scene{c13("connected")}, do: atEnd(sends(22, 13, 0, 0, 12, 1, 7, 0, 8, 0, 13, 0, 4, 0, 2, 4, 3)),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindUnexpectedMessage, field: "CertificateRequest"},
	{name: "ClientHello after the handshake of TLS 1.3", ref: "B59 RFC 9846 §4.2.2", in: []scene{s13("connected")}, do: atEnd(renegotiate),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindUnexpectedMessage, field: "ClientHello"},
	{name: "HelloRequest after the handshake of TLS 1.3", ref: "B59 B51", in: connected13, do: atEnd(sends(22, 0, 0, 0, 0)),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindUnexpectedMessage, field: "HelloRequest"},
	{name: "HelloRequest from a client", ref: "B51", in: []scene{s12("connected")}, do: atEnd(sends(22, 0, 0, 0, 0)),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindUnexpectedMessage, field: "HelloRequest"},
	{name: "Finished after the handshake", ref: "B46", in: connectedAll, do: atEnd(func(p *mallory) { p.record(22, frame(20, make([]byte, 12))) }),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindUnexpectedMessage, field: "Finished"},
	{name: "renegotiation is refused by a warning", ref: "B59", in: []scene{s12(""), c12("")}, do: atEnd(renegotiate), fine: warned(record.AlertNoRenegotiation, 1)},
	{name: "renegotiation again and again", ref: "B59 B50", in: connected12, do: atEnd(times(5, renegotiate)),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindTooManyWarnings},
	{name: "HelloRequest with a body", ref: "B59", in: []scene{c12("connected")}, do: atEnd(sends(22, 0, 0, 0, 1, 0)),
		alert: record.AlertDecodeError, kind: handshake.KindMessageTooLong, field: "HelloRequest.length"},
	{name: "ServerHello after the handshake", ref: "B46", in: connectedAll, do: atEnd(func(p *mallory) { p.record(22, frame(2, make([]byte, 80))) }),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindUnexpectedMessage, field: "ServerHello"},
	{name: "a message announced as 2^24-1 after the handshake", ref: "B16", in: connected13, do: atEnd(sends(22, 4, 0xff, 0xff, 0xff)),
		alert: record.AlertDecodeError, kind: handshake.KindMessageTooLong, field: "NewSessionTicket.length"},

	{name: "a fatal alert", ref: "B50", in: connectedAll, do: atEnd(sends(21, 2, 40)),
		alert: record.AlertHandshakeFailure, kind: handshake.KindAlertReceived, quiet: true},
	{name: "an unknown fatal alert", ref: "B50", in: connectedAll, do: atEnd(sends(21, 2, 222)),
		alert: 222, kind: handshake.KindAlertReceived, quiet: true},
	{name: "a fatal alert at first", ref: "B50", in: append(greeting, greeted...), do: first(func(p *mallory, _ msg.Raw) { p.record(21, []byte{2, 71}) }),
		alert: record.AlertInsufficientSecurity, kind: handshake.KindAlertReceived, quiet: true},
	{name: "a fatal alert before Finished", ref: "B50", in: append(finishing13, finishing12...), do: before("Finished", sends(21, 2, 42)),
		alert: record.AlertBadCertificate, kind: handshake.KindAlertReceived, quiet: true},
	{name: "a fatal alert within a message", ref: "B50 B18", in: connectedAll, do: atEnd(func(p *mallory) { p.record(22, []byte{24}); p.record(21, []byte{2, 80}) }),
		alert: record.AlertInternalError, kind: handshake.KindAlertReceived, quiet: true},
	{name: "a warning in TLS 1.3", ref: "B50", in: connected13, do: atEnd(sends(21, 1, 112)),
		alert: record.AlertUnrecognizedName, kind: handshake.KindAlertReceived, quiet: true},
	{name: "an unknown warning in TLS 1.3", ref: "B50", in: connected13, do: atEnd(sends(21, 1, 200)),
		alert: 200, kind: handshake.KindAlertReceived, quiet: true},
	{name: "four warnings in TLS 1.2", ref: "B50", in: []scene{s12(""), c12("")}, do: atEnd(times(4, sends(21, 1, 112))), fine: goesOn},
	{name: "five warnings in TLS 1.2", ref: "B50", in: connected12, do: atEnd(times(5, sends(21, 1, 112))),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindTooManyWarnings},
	{name: "five warnings before ClientHello", ref: "B50", in: hellos, do: before("ClientHello", times(5, sends(21, 1, 112))),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindTooManyWarnings},
	{name: "five times user_canceled", ref: "B50", in: connectedAll, do: atEnd(times(5, sends(21, 1, 90))),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindTooManyWarnings},
	{name: "an alert of level 3", ref: "RFC 9846 §6", in: connectedAll, do: atEnd(sends(21, 3, 40)),
		alert: record.AlertIllegalParameter, kind: handshake.KindIllegalParameter, field: "alert.level"},
	{name: "a warning within a message", ref: "B18", in: connectedAll, do: atEnd(func(p *mallory) { p.record(22, []byte{24}); p.record(21, []byte{1, 90}) }),
		alert: record.AlertUnexpectedMessage, kind: handshake.KindInterleaved},
	{name: "close_notify before Finished", ref: "RFC 9846 §6.1", in: append(finishing13, finishing12...), do: before("Finished", sends(21, 1, 0)),
		alert: record.AlertCloseNotify, kind: handshake.KindClosedInHandshake, quiet: true},
	{name: "close_notify at first", ref: "RFC 9846 §6.1", in: append(greeting, greeted...), do: first(func(p *mallory, _ msg.Raw) { p.record(21, []byte{1, 0}) }),
		alert: record.AlertCloseNotify, kind: handshake.KindClosedInHandshake, quiet: true},
	{name: "data after close_notify is not delivered", ref: "RFC 9846 §6.1", in: fine, fine: goesOn,
		do: atEnd(func(p *mallory) {
			p.ping("the last")
			out, err := p.e.Seal(nil, []byte("pong"))
			must(p, err)
			p.in = append(p.in, out...)
			for p.openOne() {
			}
			p.record(21, []byte{1, 0})
			leak(p)
			panic(stopped{})
		})},
}

func good2(s scene) []scene { return append([]scene{s}, s13("")) }

func TestBadPostHandshake(t *testing.T) { runBad(t, postRows) }
