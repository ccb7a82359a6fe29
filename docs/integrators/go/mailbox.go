package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
)

const (
	leaseSeconds = 300 // for fetching and opening one; `extend` prolongs it
	secretariat  = "SEC"
)

// delivery is one envelope in a mailbox; the last two members stand when it is leased.
type delivery struct {
	Seq       int64  `json:"seq"`
	Sender    string `json:"sender"`
	ID        string `json:"id"`
	Type      string `json:"type"`
	Size      int64  `json:"size"`
	Manifest  string `json:"manifest"`
	State     string `json:"state"`
	LastError string `json:"last_error"`
	Lease     string `json:"lease,omitempty"`
	Until     string `json:"until,omitempty"`
}

func (d delivery) path() string {
	return "/v1/envelopes/" + url.PathEscape(d.Sender) + "/" + url.PathEscape(d.ID)
}

// waiting gives all that waits, oldest first: available, leased by somebody, or given up.
func (e *exchange) waiting(show func(delivery)) error {
	for _, state := range []string{"available", "leased", "dead"} {
		for after := int64(0); ; {
			var page struct {
				Items []delivery
				Next  int64
			}
			if err := e.json(fmt.Sprintf("/v1/mailbox?after=%d&limit=100&state=%s", after, state), &page); err != nil {
				return err
			}
			if len(page.Items) == 0 {
				break
			}
			for _, one := range page.Items {
				show(one)
			}
			after = page.Next
		}
	}
	return nil
}

// lease makes the next delivery ours for a while, urgent ones first; nil when nothing is available.
func (e *exchange) lease(seconds int) (*delivery, error) {
	var page struct{ Leases []delivery }
	err := e.post("/v1/mailbox/leases", object{"max": 1, "lease_s": seconds}, &page)
	if err != nil || len(page.Leases) == 0 {
		return nil, err
	}
	return &page.Leases[0], nil
}

// acknowledge ends a delivery. E_STATE: the lease ran out, and it comes again or somebody else has it.
func (e *exchange) acknowledge(token string) error {
	return e.post("/v1/mailbox/leases/"+url.PathEscape(token)+"/acknowledge", object{}, nil)
}

// release gives a delivery back; it comes again after a pause, and is given up after some tries.
func (e *exchange) release(token, reason string) error {
	return e.post("/v1/mailbox/leases/"+url.PathEscape(token)+"/release", object{"error": reason}, nil)
}

// home is what a recipient has: its party id, its sealing keys, and what it pinned.
type home struct {
	party   string
	openers []opener
	trust   pinned
}

// collect verifies, opens, stores and only then acknowledges each delivery; `done` is told of it.
func (h home) collect(e *exchange, folder string, done func(delivery)) error {
	for {
		next, err := e.lease(leaseSeconds)
		if err != nil || next == nil {
			return err
		}
		place := filepath.Join(folder, strconv.FormatInt(next.Seq, 10))
		if _, err := os.Stat(place); err != nil { // else it was stored, and the answer to its acknowledgement was lost
			if err := h.store(e, *next, place); err != nil {
				if refusal := new(Refusal); errors.As(err, &refusal) {
					_ = e.release(next.Lease, refusal.Code) // the lease ends by itself, too
				}
				return err
			}
		}
		if err := e.acknowledge(next.Lease); err != nil {
			return err
		}
		done(*next)
	}
}

// store makes the folder whole or not at all; what a broken line left in `.part` is gone on with.
func (h home) store(e *exchange, one delivery, place string) error {
	part, made := place+".part", place+".new"
	if err := fetchTo(e, one, part); err != nil {
		return err
	}
	custody, err := e.bytes(one.path() + "/receipt")
	if err != nil {
		return err
	}
	container, err := os.ReadFile(part)
	if err != nil {
		return err
	}
	found, err := h.opened(e, one, container, custody)
	if err != nil {
		if refusal := new(Refusal); errors.As(err, &refusal) {
			_ = os.Remove(part) // begin anew next time
		}
		return err
	}
	if err := errors.Join(os.RemoveAll(made), os.Mkdir(made, 0o700)); err != nil {
		return err
	}
	files := map[string][]byte{"container.dxe": container, "custody.json": custody, "content": found.content, "kpc": found.kpc}
	for name, data := range files {
		if err := writeDurably(filepath.Join(made, name), data); err != nil {
			return err
		}
	}
	return errors.Join(os.Rename(made, place), os.Remove(part))
}

func writeDurably(path string, data []byte) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	return errors.Join(err, file.Sync(), file.Close())
}

func fetchTo(e *exchange, one delivery, part string) error {
	begun := int64(0)
	if found, err := os.Stat(part); err == nil {
		begun = found.Size()
	}
	answer, err := e.content(one.path()+"/content", begun, `"`+one.Manifest+`"`)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	how := os.O_TRUNC
	if answer.StatusCode == http.StatusPartialContent {
		how = os.O_APPEND
	}
	file, err := os.OpenFile(part, os.O_CREATE|os.O_WRONLY|how, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, answer.Body)
	return errors.Join(err, file.Close())
}

// opened makes the checks, in the page's order: what was listed, custody, the sender's keys at that place of the log,
// signatures, the slot, the body.
func (h home) opened(e *exchange, one delivery, container, custody []byte) (*opened, error) {
	found, body, err := parseContainer(container)
	if err != nil {
		return nil, err
	}
	if found.from != one.Sender || found.id != one.ID {
		return nil, refuse("E_INTEGRITY", "not the envelope that was listed")
	}
	accepted, err := verifyReceipt(custody, found.digest, found.id, h.trust.log)
	if err != nil {
		return nil, err
	}
	var proof registryProof
	if err := e.json(fmt.Sprintf("/v1/parties/%s/proof?at=%d", found.from, accepted.reg), &proof); err != nil {
		return nil, err
	}
	document, index, err := proof.verify(found.from, h.trust)
	if err != nil {
		return nil, err
	}
	if index != accepted.reg {
		return nil, refuse("E_INTEGRITY", "keys of another place in the log")
	}
	pair, err := document.pair(found.signatures)
	if err != nil {
		return nil, err
	}
	if err := found.verifySignatures(pair); err != nil {
		return nil, err
	}
	for _, to := range found.to {
		for _, by := range h.openers {
			if to == (recipient{h.party, by.kid}) {
				return open(found, body, by, h.party)
			}
		}
	}
	return nil, refuse("E_NOT_RECIPIENT", "no slot for this party and these keys")
}

// act is what the log proves of an envelope since it was accepted; without a receipt the log owes its proof.
type act struct {
	Type, T string
	Party   *string
	Receipt json.RawMessage
	index   uint64
}

func (e *exchange) acts(sender, envelope string, keys []vkey) ([]act, error) {
	var page struct{ Acts []act }
	if err := e.json(delivery{Sender: sender, ID: envelope}.path()+"/acts", &page); err != nil {
		return nil, err
	}
	for i, one := range page.Acts {
		if string(one.Receipt) == "null" {
			continue
		}
		index, kind, err := verifyAct(one.Receipt, envelope, keys)
		if err != nil {
			return nil, err
		}
		if kind != one.Type {
			return nil, refuse("E_INTEGRITY", "the receipt is of another act")
		}
		page.Acts[i].index = index
	}
	return page.Acts, nil
}

// verifyAnswer checks that a delivery that was collected is the Secretariat's word on what was sent; it returns that.
func verifyAnswer(folder, sentFolder string, keys []vkey) (object, error) {
	files := [][]byte{}
	for _, path := range []string{
		filepath.Join(sentFolder, "sent.dxe"), filepath.Join(sentFolder, "receipt.json"),
		filepath.Join(folder, "container.dxe"), filepath.Join(folder, "content"),
	} {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		files = append(files, data)
	}
	sent, _, err := parseContainer(files[0])
	if err != nil {
		return nil, err
	}
	accepted, err := verifyReceipt(files[1], sent.digest, sent.id, keys)
	if err != nil {
		return nil, err
	}
	answer, _, err := parseContainer(files[2])
	if err != nil {
		return nil, err
	}
	word, err := parseJSON(files[3], 8<<20)
	if err != nil {
		return nil, err
	}
	kind := map[string]string{"receipt.opened": "opened", "receipt.outcome": "outcome"}[answer.kind]
	if answer.from != secretariat || kind == "" || text(word, "kind") != kind {
		return nil, refuse("E_CONTENT", "no receipt of the Secretariat")
	}
	isOurs := answer.irt == sent.id && text(word, "env") == sent.id && text(word, "man") == b64u(sent.digest[:])
	if !isOurs || word["custody"] != int64(accepted.Index) {
		return nil, refuse("E_INTEGRITY", "it answers another envelope")
	}
	return word, nil
}
