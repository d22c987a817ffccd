package house

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"
	"testing"

	"tacet/handshake"
)

// alertSites are the calls that are handed record.TypeAlert or the number 21 as
// a record type: one seals (I4), the others tell Config.Trace of it.
var alertSites = exceptions{
	"handshake.Sender.alert: Seal":    "the one place that seals an alert",
	"handshake.Sender.alert: trace":   "Config.Trace hears of the alert sent",
	"handshake.Receiver.alert: trace": "Config.Trace hears of the alert received",
}

// alertCallers are the callers of Sender.alert: the budget of reasons to send one.
var alertCallers = exceptions{
	"handshake.Engine.fail":       "failure of the handshake",
	"handshake.Engine.CloseWrite": "user_canceled, before close_notify ends a handshake",
	"handshake.Sender.rekey":      "a key of TLS 1.2 is used up",
	"handshake.Sender.Perform":    "no_renegotiation, a warning",
	"handshake.Sender.Abort":      "failure after the handshake, or by the application",
	"handshake.Sender.CloseWrite": "close_notify",
}

// inTools are the folders outside of the running stack.
func inTools(s *source) bool {
	return strings.HasPrefix(s.path, "vectors/") || strings.HasPrefix(s.path, "fuzz/")
}

func TestOneAlertSite(t *testing.T) {
	sites, callers := map[string]string{}, map[string]string{}
	for _, s := range code(t, "") {
		if inTools(s) {
			continue
		}
		for name, f := range s.functions() {
			ast.Inspect(f, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				callee, ok := call.Fun.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				if slices.ContainsFunc(call.Args, isTypeAlert) {
					sites[s.folder()+"."+name+": "+callee.Sel.Name] = "hands on an alert at " + s.line(call)
				}
				if callee.Sel.Name == "alert" && len(call.Args) == 2 {
					callers[s.folder()+"."+name] = "sends an alert at " + s.line(call)
				}
				return true
			})
		}
	}
	alertSites.check(t, sites)
	alertCallers.check(t, callers)
}

func isTypeAlert(x ast.Expr) bool {
	return nameIn(x, "record") == "TypeAlert"
}

// nameIn is the name of a constant as the source has it: pkg.Name, or Name in
// the package itself. An identifier of another package gives "".
func nameIn(x ast.Expr, pkg string) string {
	switch x := x.(type) {
	case *ast.Ident:
		return x.Name
	case *ast.SelectorExpr:
		if p, ok := x.X.(*ast.Ident); ok && p.Name == pkg {
			return x.Sel.Name
		}
	}
	return ""
}

// table is the composite literal that a package-level variable holds, by keys.
func table(t *testing.T, folder, variable string) map[string]ast.Expr {
	t.Helper()
	for _, s := range code(t, folder) {
		for _, d := range s.ast.Decls {
			decl, ok := d.(*ast.GenDecl)
			if !ok || decl.Tok != token.VAR {
				continue
			}
			for _, spec := range decl.Specs {
				v := spec.(*ast.ValueSpec)
				if v.Names[0].Name == variable && len(v.Values) == 1 {
					return keyed(t, v.Values[0])
				}
			}
		}
	}
	t.Fatalf("%s has no table %s", folder, variable)
	return nil
}

func keyed(t *testing.T, x ast.Expr) map[string]ast.Expr {
	t.Helper()
	rows := map[string]ast.Expr{}
	lit, ok := x.(*ast.CompositeLit)
	if !ok {
		t.Fatalf("%v: not a composite literal", fset.Position(x.Pos()))
	}
	for _, e := range lit.Elts {
		kv, ok := e.(*ast.KeyValueExpr)
		if !ok {
			t.Fatalf("%v: a row without a key", fset.Position(e.Pos()))
		}
		key := kv.Key
		if sel, ok := key.(*ast.SelectorExpr); ok {
			key = sel.Sel
		}
		if id, ok := key.(*ast.Ident); ok {
			rows[id.Name] = kv.Value
		}
	}
	return rows
}

// TestKinds: every kind of error of every package of the engine has its row,
// and handshake.Kind one for each of the others' kinds.
func TestKinds(t *testing.T) {
	for _, at := range []struct{ folder, table string }{
		{"record", "kinds"}, {"suites", "kindTexts"}, {"kx", "kindText"},
		{"handshake/msg", "faults"}, {"handshake/cred", "kinds"}, {"handshake", "kinds"},
	} {
		rows := table(t, at.folder, at.table)
		for _, k := range constants(t, at.folder, "Kind") {
			if rows[k] == nil {
				t.Errorf("%s.%s has no row in %s", at.folder, k, at.table)
			}
		}
	}
	for i := range constants(t, "handshake", "Kind") {
		k := handshake.Kind(i)
		if k.String() == "" || k.Class() > handshake.Ended {
			t.Errorf("kind %d: %q, class %d", i, k, k.Class())
		}
	}
}

// TestKindsAreMapped: an error of a lower package is never KindNone.
func TestKindsAreMapped(t *testing.T) {
	ours := constants(t, "handshake", "Kind")
	for folder, variable := range map[string]string{"record": "recordKinds", "handshake/msg": "messageKinds"} {
		rows := table(t, "handshake", variable)
		for _, k := range constants(t, folder, "Kind") {
			id, ok := rows[k].(*ast.Ident)
			if !ok || !slices.Contains(ours, id.Name) || id.Name == "KindNone" {
				t.Errorf("%s.%s is no kind of handshake by %s", folder, k, variable)
			}
		}
		if n := len(constants(t, folder, "Kind")); len(rows) != n {
			t.Errorf("%s has %d rows for %d kinds", variable, len(rows), n)
		}
	}
	// cred's many kinds are told by their alerts, and kx's are one.
	var f *ast.FuncDecl
	for _, s := range code(t, "handshake") {
		if found := s.functions()["certificateKind"]; found != nil {
			f = found
		}
	}
	if f == nil {
		t.Fatal("no certificateKind")
	}
	last, ok := f.Body.List[len(f.Body.List)-1].(*ast.ReturnStmt)
	if !ok || !slices.Contains(ours, nameIn(last.Results[0], "")) {
		t.Error("certificateKind has no kind for the rest")
	}
}

// alertUsers are the functions of handshake, beside its table kinds, that name
// an alert, and why.
var alertUsers = exceptions{
	"Engine.CloseWrite":           "user_canceled and close_notify end a handshake and are no failures",
	"Engine.take":                 "close_notify as received, in an error",
	"Receiver.alert":              "what a received alert means",
	"Sender.CloseWrite":           "close_notify",
	"Sender.Perform":              "no_renegotiation, a warning",
	"Sender.rekey":                "an error that is no handshake's",
	"alertOf":                     "the application picks the alert of its refusal, this one is the default",
	"certificateKind":             "tells kinds apart by the alerts that cred's table gives",
	"effects.noClientCertificate": "TLS 1.2 has no certificate_required",
}

// TestOneTablePicksAlerts: who fails names a kind, not an alert.
func TestOneTablePicksAlerts(t *testing.T) {
	found := map[string]string{}
	for _, s := range code(t, "handshake") {
		for _, d := range s.ast.Decls {
			name := ""
			switch d := d.(type) {
			case *ast.FuncDecl:
				name = functionName(d)
			case *ast.GenDecl:
				if d.Tok == token.VAR {
					name = d.Specs[0].(*ast.ValueSpec).Names[0].Name
				}
			}
			if name == "kinds" {
				continue
			}
			ast.Inspect(d, func(n ast.Node) bool {
				if sel, ok := n.(*ast.SelectorExpr); ok && nameIn(sel, "record") != "" && strings.HasPrefix(sel.Sel.Name, "Alert") && sel.Sel.Name != "Alert" {
					found[name] = "names " + sel.Sel.Name + " at " + s.line(n)
				}
				return true
			})
		}
	}
	alertUsers.check(t, found)
}
