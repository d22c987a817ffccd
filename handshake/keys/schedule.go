package keys

// Early is the first stage of the TLS 1.3 key schedule: what a PSK gives
// before any key exchange. It is a value; a profile may keep the Early of no
// PSK for all its connections.
type Early struct {
	secret  Secret
	derived Secret // the salt of the next stage
}

// NewEarly starts the schedule. A nil or empty psk means none: zeros of the
// hash's length take its place. psk is not kept.
func NewEarly(h Hash, psk []byte) Early {
	//= RFC 9846 §7.1
	var zeros [maxSize]byte
	if len(psk) == 0 {
		psk = zeros[:h.Size()]
	}
	e := Early{secret: Secret{h: h}}
	extract(&e.secret.b, h, nil, psk)
	e.derived = e.secret.deriveEmpty("derived")
	return e
}

// Binder is the key whose Finished, over the truncated ClientHello, binds the
// PSK: of a PSK that was provisioned outside TLS when external, else of a ticket's.
func (e *Early) Binder(external bool) Secret {
	//= RFC 9846 §4.3.11.2
	label := "res binder"
	if external {
		label = "ext binder"
	}
	return e.secret.deriveEmpty(label)
}

// ClientTraffic is client_early_traffic_secret; th covers the ClientHello.
func (e *Early) ClientTraffic(th []byte) Secret { return e.secret.derive("c e traffic", th) }

// ExporterMaster is the exporter secret of early data; th covers the ClientHello.
func (e *Early) ExporterMaster(th []byte) Secret { return e.secret.derive("e exp master", th) }

// Handshake goes on with the shared secret of the key exchange, or with nil
// for a PSK without one (psk_ke). shared is not kept; e stays valid.
func (e *Early) Handshake(shared []byte) Handshake {
	var zeros [maxSize]byte
	h := e.secret.h
	if len(shared) == 0 {
		shared = zeros[:h.Size()]
	}
	k := Handshake{secret: Secret{h: h}}
	extract(&k.secret.b, h, e.derived.Bytes(), shared)
	return k
}

// Clear forgets the stage's secrets.
func (e *Early) Clear() { *e = Early{} }

// Handshake is the second stage: its traffic secrets protect the handshake
// from ServerHello on.
type Handshake struct{ secret Secret }

// ClientTraffic is client_handshake_traffic_secret; th covers ClientHello to ServerHello.
func (k *Handshake) ClientTraffic(th []byte) Secret { return k.secret.derive("c hs traffic", th) }

// ServerTraffic is server_handshake_traffic_secret; th covers ClientHello to ServerHello.
func (k *Handshake) ServerTraffic(th []byte) Secret { return k.secret.derive("s hs traffic", th) }

// Application goes on to the last stage; k stays valid.
func (k *Handshake) Application() Application {
	var zeros [maxSize]byte
	h := k.secret.h
	salt := k.secret.deriveEmpty("derived")
	a := Application{secret: Secret{h: h}}
	extract(&a.secret.b, h, salt.Bytes(), zeros[:h.Size()])
	return a
}

// Clear forgets the stage's secret.
func (k *Handshake) Clear() { *k = Handshake{} }

// Application is the last stage, the RFC's Main Secret.
type Application struct{ secret Secret }

// ClientTraffic is client_application_traffic_secret_0; th covers ClientHello
// to the server's Finished.
func (k *Application) ClientTraffic(th []byte) Secret { return k.secret.derive("c ap traffic", th) }

// ServerTraffic is server_application_traffic_secret_0; th covers ClientHello
// to the server's Finished.
func (k *Application) ServerTraffic(th []byte) Secret { return k.secret.derive("s ap traffic", th) }

// ExporterMaster is the exporter secret; th covers ClientHello to the server's Finished.
func (k *Application) ExporterMaster(th []byte) Secret { return k.secret.derive("exp master", th) }

// ResumptionMaster is the resumption secret; th covers ClientHello to the
// client's Finished.
func (k *Application) ResumptionMaster(th []byte) Secret { return k.secret.derive("res master", th) }

// Clear forgets the stage's secret.
func (k *Application) Clear() { *k = Application{} }
