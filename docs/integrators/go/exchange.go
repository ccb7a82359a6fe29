package main

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const (
	requestTimeout = 15 * time.Minute // the longest container over a slow line; reading it is bounded by its size
	maxAnswer      = 32 << 20
	depositTries   = 30
)

// exchange is one access key's way to the exchange: a token, and a proof of possession with every request.
type exchange struct {
	base, client string
	by           signer
	token        string
	until        time.Time
	http         http.Client
}

func newExchange(base, client string, by signer) *exchange {
	never := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &exchange{base: base, client: client, by: by, http: http.Client{Timeout: requestTimeout, CheckRedirect: never}}
}

func (e *exchange) jwt(header, claims object) string {
	input := b64u(canonical(header)) + "." + b64u(canonical(claims))
	return input + "." + b64u(e.by.sign([]byte(input)))
}

func jti() string {
	raw := make([]byte, 16)
	_, _ = rand.Read(raw)
	return b64u(raw)
}

// proof is bound to the method, the address without its query, and the token if there is one.
func (e *exchange) proof(method, address, token string) string {
	claims := object{"htm": method, "htu": address, "iat": time.Now().Unix(), "jti": jti()}
	if token != "" {
		digest := sha256.Sum256([]byte(token))
		claims["ath"] = b64u(digest[:])
	}
	return e.jwt(object{"alg": "Ed25519", "typ": "dpop+jwt", "jwk": e.by.jwk}, claims)
}

func (e *exchange) access() (string, error) {
	if time.Now().Before(e.until) {
		return e.token, nil
	}
	now := time.Now().Unix()
	claims := object{"iss": e.client, "sub": e.client, "aud": e.base, "iat": now, "exp": now + 60, "jti": jti()}
	form := url.Values{
		"grant_type":            {"client_credentials"},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
		"client_assertion":      {e.jwt(object{"alg": "Ed25519", "kid": e.by.kid, "typ": "JWT"}, claims)},
	}
	address := e.base + "/oauth/token"
	request, err := http.NewRequest("POST", address, strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("DPoP", e.proof("POST", address, ""))
	var answer struct {
		AccessToken string `json:"access_token"`
		ExpiresIn   int    `json:"expires_in"`
	}
	if err := decode(e.good(e.http.Do(request)))(&answer); err != nil {
		return "", err
	}
	e.token, e.until = answer.AccessToken, time.Now().Add(time.Duration(answer.ExpiresIn-30)*time.Second)
	return e.token, nil
}

// request sends one; a problem document comes back as a refusal with its code.
func (e *exchange) request(method, path string, headers map[string]string, body []byte) (*http.Response, error) {
	token, err := e.access()
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequest(method, e.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	address, _, _ := strings.Cut(e.base+path, "?")
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	request.Header.Set("Authorization", "DPoP "+token)
	request.Header.Set("DPoP", e.proof(method, address, token))
	return e.good(e.http.Do(request))
}

var problemType = regexp.MustCompile(`^urn:dxe:error:(E_[A-Z_]+)$`)

func (e *exchange) good(answer *http.Response, err error) (*http.Response, error) {
	if err != nil || answer.StatusCode < 300 {
		return answer, err
	}
	var problem struct{ Type, Detail string }
	raw, _ := readAll(answer)
	_ = json.Unmarshal(raw, &problem) // else something on the way there answered
	if code := problemType.FindStringSubmatch(problem.Type); code != nil {
		return nil, refuse(code[1], problem.Detail)
	}
	return nil, refuse(fmt.Sprintf("HTTP %d", answer.StatusCode), answer.Request.URL.String())
}

func readAll(answer *http.Response) ([]byte, error) {
	defer answer.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
	if len(raw) > maxAnswer {
		return nil, refuse("E_TOO_LARGE", "the answer is too long")
	}
	return raw, err
}

func decode(answer *http.Response, err error) func(into any) error {
	return func(into any) error {
		if err != nil {
			return err
		}
		raw, err := readAll(answer)
		if err != nil {
			return err
		}
		return json.Unmarshal(raw, into)
	}
}

func (e *exchange) bytes(path string) ([]byte, error) {
	answer, err := e.request("GET", path, nil, nil)
	if err != nil {
		return nil, err
	}
	return readAll(answer)
}

func (e *exchange) json(path string, into any) error {
	return decode(e.request("GET", path, nil, nil))(into)
}

// post sends a JSON body; `into` is nil when the answer is empty.
func (e *exchange) post(path string, body object, into any) error {
	answer, err := e.request("POST", path, map[string]string{"Content-Type": "application/json"}, canonical(body))
	if err != nil || into == nil {
		if err == nil {
			answer.Body.Close()
		}
		return err
	}
	return decode(answer, nil)(into)
}

// content asks for a container from its byte `begun` on; 206 is the rest of the one that `etag` names, 200 the whole.
func (e *exchange) content(path string, begun int64, etag string) (*http.Response, error) {
	headers := map[string]string{}
	if begun > 0 {
		headers = map[string]string{"Range": fmt.Sprintf("bytes=%d-", begun), "If-Range": etag}
	}
	return e.request("GET", path, headers, nil)
}

// deposit returns the receipt's exact bytes. Safe to repeat with the same bytes, after any lost answer.
func (e *exchange) deposit(container []byte) ([]byte, error) {
	headers := map[string]string{"Content-Type": "application/vnd.dxe.v1"}
	for range depositTries {
		answer, err := e.request("POST", "/v1/envelopes", headers, container)
		if err != nil {
			return nil, err
		}
		raw, err := readAll(answer)
		if err != nil || answer.StatusCode != http.StatusAccepted {
			return raw, err
		}
		pause, err := strconv.Atoi(answer.Header.Get("Retry-After"))
		if err != nil {
			pause = 2
		}
		time.Sleep(time.Duration(pause) * time.Second)
	}
	return nil, refuse("E_UNAVAILABLE", "the receipt is not there yet: send the same bytes again")
}
