package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Refusal is a reason to refuse, with its code from the page.
type Refusal struct{ Code, Detail string }

func (r *Refusal) Error() string { return r.Code + ": " + r.Detail }

func refuse(code, detail string) error { return &Refusal{code, detail} }

func malformed(detail string) error { return refuse("E_MALFORMED", detail) }

var rawURL = base64.RawURLEncoding.Strict()
var stdStrict = base64.StdEncoding.Strict()

func b64u(data []byte) string { return rawURL.EncodeToString(data) }

// fromB64u reads canonical base64url of `size` bytes, of any size when it is negative.
func fromB64u(text string, size int) ([]byte, error) {
	data, err := rawURL.DecodeString(text)
	if err != nil || strings.ContainsAny(text, "\r\n") || (size >= 0 && len(data) != size) {
		return nil, malformed("not canonical base64url of that length")
	}
	return data, nil
}

func fromB64(text string) ([]byte, error) {
	data, err := stdStrict.DecodeString(text)
	if err != nil || strings.ContainsAny(text, "\r\n") {
		return nil, malformed("not canonical base64")
	}
	return data, nil
}

// object is a JSON object; integers are int64, lists []any, objects object.
type object = map[string]any

const maxDepth = 6
const maxSafe = 1<<53 - 1

// parseJSON reads strict JSON with an object on top: no member twice, no fraction, nothing beyond 2^53.
func parseJSON(data []byte, maxBytes int) (object, error) {
	if len(data) > maxBytes {
		return nil, refuse("E_TOO_LARGE", "the JSON text is too long")
	}
	if !utf8.Valid(data) || bytes.HasPrefix(data, []byte("\xef\xbb\xbf")) || hasLoneSurrogate(data) {
		return nil, malformed("not UTF-8, or a lone surrogate")
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	value, err := readValue(decoder, 0)
	if err != nil {
		return nil, malformed("not strict JSON: " + err.Error())
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, malformed("text after the value")
	}
	members, ok := value.(object)
	if !ok {
		return nil, malformed("the JSON text is no object")
	}
	return members, nil
}

func readValue(decoder *json.Decoder, depth int) (any, error) {
	token, err := decoder.Token()
	if err != nil {
		return nil, err
	}
	switch token := token.(type) {
	case json.Delim:
		if depth == maxDepth {
			return nil, fmt.Errorf("nested too deep")
		}
		if token == '{' {
			return readObject(decoder, depth+1)
		}
		return readList(decoder, depth+1)
	case json.Number:
		number, err := strconv.ParseInt(token.String(), 10, 64)
		if err != nil || number > maxSafe || number < -maxSafe || token.String() == "-0" {
			return nil, fmt.Errorf("no integer below 2^53")
		}
		return number, nil
	case string:
		if strings.ContainsRune(token, 0) {
			return nil, fmt.Errorf("a text with NUL")
		}
		return token, nil
	default:
		return token, nil
	}
}

func readObject(decoder *json.Decoder, depth int) (any, error) {
	members := object{}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		if strings.ContainsRune(name.(string), 0) {
			return nil, fmt.Errorf("a name with NUL")
		}
		if _, twice := members[name.(string)]; twice {
			return nil, fmt.Errorf("a member stands twice")
		}
		if members[name.(string)], err = readValue(decoder, depth); err != nil {
			return nil, err
		}
	}
	_, err := decoder.Token()
	return members, err
}

func readList(decoder *json.Decoder, depth int) (any, error) {
	items := []any{}
	for decoder.More() {
		item, err := readValue(decoder, depth)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	_, err := decoder.Token()
	return items, err
}

// hasLoneSurrogate looks at escapes alone: the library would replace such a character in silence.
func hasLoneSurrogate(data []byte) bool {
	high := false
	for i := 0; i < len(data); i++ {
		if data[i] != '\\' || i+1 >= len(data) {
			if high {
				return true
			}
			continue
		}
		i++
		if data[i] != 'u' || i+4 >= len(data) {
			if high {
				return true
			}
			continue
		}
		code, _ := strconv.ParseUint(string(data[i+1:i+5]), 16, 16)
		i += 4
		isHigh, isLow := code >= 0xd800 && code < 0xdc00, code >= 0xdc00 && code < 0xe000
		if isLow != high {
			return true
		}
		high = isHigh
	}
	return high
}

// canonical is RFC 8785 for what the protocol uses: ASCII names, strings, integers, lists, objects.
func canonical(value any) []byte {
	var out bytes.Buffer
	writeCanonical(&out, value)
	return out.Bytes()
}

func writeCanonical(out *bytes.Buffer, value any) {
	switch value := value.(type) {
	case object:
		names := make([]string, 0, len(value))
		for name := range value {
			names = append(names, name)
		}
		sort.Strings(names)
		out.WriteByte('{')
		for i, name := range names {
			if i > 0 {
				out.WriteByte(',')
			}
			writeCanonical(out, name)
			out.WriteByte(':')
			writeCanonical(out, value[name])
		}
		out.WriteByte('}')
	case []any:
		out.WriteByte('[')
		for i, item := range value {
			if i > 0 {
				out.WriteByte(',')
			}
			writeCanonical(out, item)
		}
		out.WriteByte(']')
	case string:
		writeString(out, value)
	default:
		text, _ := json.Marshal(value) // integers, booleans, null
		out.Write(text)
	}
}

func writeString(out *bytes.Buffer, text string) {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(text)
	out.Truncate(out.Len() - 1) // the encoder's newline
}

// expect returns the members as an object whose names are exactly those, and perhaps the optional ones.
func expect(value any, required, optional []string) (object, error) {
	members, ok := value.(object)
	if !ok {
		return nil, malformed("no object")
	}
	known := map[string]bool{}
	for _, name := range required {
		if _, there := members[name]; !there {
			return nil, malformed("member " + name + " is missing")
		}
		known[name] = true
	}
	for _, name := range optional {
		known[name] = true
	}
	for name := range members {
		if !known[name] {
			return nil, malformed("unknown member " + name)
		}
	}
	return members, nil
}

func text(members object, name string) string {
	value, _ := members[name].(string)
	return value
}
