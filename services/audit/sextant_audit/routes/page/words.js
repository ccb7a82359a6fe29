// Every word that the page's scripts say, in one place. Code holds none.
const many = (count, one, more) => `${number(count)} ${String(count) === '1' ? one : more}`;
export const number = (value) => String(value).replace(/\B(?=(\d{3})+(?!\d))/g, '\u202f');
const pad = (value) => String(value).padStart(2, '0');

/** POSIX seconds as people read them; far beyond calendars, as the number it is. */
export function instant(seconds) {
  const value = Number(seconds);
  if (value > 8.64e12) return `${seconds} s`;
  const t = new Date(value * 1000);
  const day = `${t.getUTCFullYear()}-${pad(t.getUTCMonth() + 1)}-${pad(t.getUTCDate())}`;
  return `${day} ${pad(t.getUTCHours())}:${pad(t.getUTCMinutes())}:${pad(t.getUTCSeconds())} UTC`;
}

export function duration(seconds) {
  const value = Math.max(0, Math.round(Number(seconds)));
  if (value < 120) return many(value, 'second', 'seconds');
  if (value < 7200) return many(Math.round(value / 60), 'minute', 'minutes');
  if (value < 172_800) return many(Math.round(value / 3600), 'hour', 'hours');
  return many(Math.round(value / 86_400), 'day', 'days');
}

const entries = (count) => many(count, 'entry', 'entries');
const list = (names) => names.join(', ');
const hashes = (count) => many(count, 'hash', 'hashes');

export const W = {
  none: 'none',
  or: ' or ',
  instant,
  hashes,
  line: (n) => `line ${n}`,
  position: (line, column) => `line ${line}, column ${column}`,
  signatureLine: (n) => `signature line ${n}`,
  bytes: (count) => many(count, 'byte', 'bytes'),
  atMost: (count) => `at most ${many(count, 'byte', 'bytes')}`,
  times: (count) => `${count} of them`,
  root: (text) => `root ${text}`,
  membersSeen: (names) => (names.length > 0 ? `an object with ${list(names)}` : 'an empty object'),

  notUtf8: 'The text is not UTF-8.',
  notBase64: 'The text is not base64 in its one spelling.',
  notBase64u: 'The text is not base64url in its one spelling.',
  wrongLength: 'The value has the wrong length.',
  noObject: 'The JSON text is not an object.',
  members: (lacking, unknown) => [
    lacking.length > 0 ? `Members are missing: ${list(lacking)}.` : '', unknown.length > 0 ? `Members are not known: ${list(unknown)}.` : '',
  ].filter(Boolean).join(' '),
  member: (name) => `The member ${name} does not fit.`,
  json: {
    not: (why) => `The text is not strict JSON: ${why}.`,
    after: 'something follows the value', deep: 'it is nested too deep', value: 'no value stands here', large: 'a number is beyond 2^53',
    string: 'no text in quotes stands here', surrogate: 'half a character', comma: 'no comma stands here', colon: 'no colon stands here',
    twice: (name) => `the member ${name} stands twice`,
  },
  shape: {
    index: 'a whole number from 0', random: '22 characters of base64url', digest: '43 characters of base64url', instant: 'YYYY-MM-DDThh:mm:ss.mmmZ',
    uuid: 'a UUID of version 7 in lower case', text: 'text',
  },

  vkey: {
    form: '<name>+<8 hexadecimal digits>+<base64>',
    shape: 'This is not a verifier key.',
    id: (name) => `The id of the key ${name} is not that of its key.`,
    length: (name) => `The key ${name} has the wrong length.`,
    type: (type) => `type 0x${pad(type.toString(16))}`,
  },
  note: {
    long: 'The signed text is too long.',
    control: 'The signed text holds a control character.',
    blank: 'No blank line parts the signed text from its signatures, or the last line does not end.',
    many: 'There are too many signatures.',
    line: 'A signature line is not an em dash, a key name and base64.',
    empty: 'A signature line holds no signature.',
  },
  oneSignature: (id, type) => `one signature by key ${id} (type 0x${pad(type.toString(16))})`,
  signatureCount: (count) => (count === 0 ? 'A signature of the log is missing.' : 'A key of the log signed more than once.'),
  keysSeen: (lines) => `signatures by keys ${list(lines.map((line) => line.id))}`,
  badSignature: (name) => `The Ed25519 signature of ${name} does not hold.`,
  signatureOver: (id) => `a signature by key ${id} over this very text`,
  cosignatureLength: (name) => `A signature line of ${name} has the wrong length.`,
  cosignatureTime: (name) => `The time in a signature line of ${name} is out of range.`,
  timeRange: 'seconds from 1 to 2^63 − 1',

  tree: {
    beyond: (index, size) => `Entry ${number(index)} lies outside a tree of ${entries(size)}.`,
    below: (size) => `an index below ${number(size)}`,
    long: 'The proof is longer than the tree is high.',
    short: 'The proof is shorter than the tree is high.',
    root: (index, size) => `The path of entry ${number(index)} does not lead to the root of the tree of ${entries(size)}.`,
    backwards: 'No proof leads from a larger tree to a smaller one.',
    fork: (size) => `The log signed two different trees of ${entries(size)}.`,
    broken: (first, second) => `The tree of ${entries(second)} does not continue the tree of ${entries(first)}.`,
  },

  trust: {
    place: 'keys',
    key: (n) => `keys, key ${n}`,
    empty: 'No keys were given.',
    shape: 'This file names no keys of a log.',
    form: 'trust.json, log.json, a witness policy, or two verifier keys',
    origin: 'The keys are of another log than the file says.',
    otherLogs: 'The witness policy is for other logs.',
    pair: 'A log has one Ed25519 key and one ML-DSA-44 key.',
    both: 'type 0x01 and type 0x06, of one name',
    names: 'The two keys carry different names.',
  },
  policy: {
    place: 'witness policy',
    fault: (line, text) => `line ${line}: ${text}`,
    faults: (count) => `The policy has ${many(count, 'line', 'lines')} at fault:`,
    newline: 'the last line does not end',
    noQuorum: 'no line says what the quorum is',
    kind: 'a line begins with log, witness, group or quorum',
    log: 'a log is a key and perhaps an address',
    logType: 'a log signs with a key of type 0x01 or 0x06',
    witness: 'a witness is a name, a key and perhaps an address',
    witnessType: 'a witness signs with a key of type 0x04 or 0x06',
    group: 'a group has a name, a threshold and members',
    quorum: 'there is one quorum, which is one name',
    sameKey: 'this key stands twice',
    threshold: (count) => `a threshold is all, any, or a number from 1 to ${count}`,
    used: (name) => `the name ${name} is in use`,
    unknown: (name) => `${name} is not defined above`,
    twice: (name) => `${name} is a member already`,
    have: (name, have, threshold) => `${name} has ${have} of ${threshold}`,
    missing: (name) => `${name} has not cosigned`,
  },

  cose: {
    place: 'COSE receipt',
    form: 'COSE_Sign1 (RFC 9942): detached, one proof of inclusion, deterministic CBOR',
    short: 'The bytes end within a value.',
    deep: 'The values are nested too deep.',
    value: 'A value is of a kind that no receipt holds.',
    spelling: 'The receipt is not in its one encoding.',
    sign1: 'This is no COSE_Sign1 of four parts.',
    attached: 'The root is attached; a receipt of this log leaves it out.',
    header: 'The signed header does not hold algorithm, key, claims and kind of tree, and nothing else.',
    algorithm: 'The receipt is not signed with ES384 over an RFC 9162 tree.',
    proofs: 'The receipt does not hold exactly one proof: size, index and path.',
    consistency: 'This receipt shows that one tree continues another. It is about no entry.',
    otherKey: 'A log signs COSE receipts with a P-384 key.',
    noKey: 'Your keys have none for COSE receipts.',
    other: 'The receipt is of another log than the keys.',
    unpinned: 'The receipt is signed by another key than yours.',
    issuer: (origin) => `The receipt and the key are of ${origin}.`,
    root: (index, size, count) => `The entry and ${hashes(count)} give a root, from index ${number(index)} of ${number(size)}.`,
    held: (id) => `Key ${id} signed that root.`,
    signature: 'The log did not sign the root that entry and path lead to.',
    over: 'a signature over this root',
    less: 'One key signed, and no witness. The size is not signed: another of the same height passes too.',
  },
  receipt: {
    place: 'receipt',
    forms: 'a custody receipt (JSON), a tlog-proof (text), a COSE receipt or a bundle (zip)',
    nothing: 'nothing',
    large: 'The text is too long.',
    unknown: 'This is no receipt, proof or bundle.',
    isEnvelope: 'This is an envelope, not its receipt.',
    kind: 'This JSON is not a receipt.',
    spelling: 'The receipt is not spelled as the exchange spells it.',
    canonical: 'canonical JSON (RFC 8785), byte for byte as it was handed out',
  },
  form: {
    custody: 'A custody receipt: the exchange accepted an envelope.',
    refusal: 'A refusal receipt: the exchange refused an envelope.',
    proof: 'A bare proof that something stands in the log.',
    cose: 'A COSE receipt: something stands under a root that the log signed.',
    bundle: 'A bundle. Its custody receipt is checked here; its other members are not.',
  },
  proof: {
    place: 'proof',
    header: 'The proof does not begin with its header.',
    index: 'The proof names no index.',
    indexForm: 'index <decimal>',
    long: 'The path is too long.',
    held: (index, count) => `Entry ${number(index)}, with a path of ${hashes(count)}.`,
  },
  checkpoint: {
    place: 'checkpoint',
    lines: 'A checkpoint is three lines, none of them empty.',
    size: 'The size is not a plain decimal number.',
    extension: 'The checkpoint has a further line, which one of its signatures does not cover.',
    held: (size) => `A head of ${entries(size)}.`,
  },
  claims: {
    witnessed: 'The receipt says of itself that it is witnessed. Only a policy of yours can say that.',
    extra: 'The proof carries data that nothing signs. Do not rely on it.',
  },
  keys: {
    none: 'Without keys nobody can tell whose signatures these are.',
    other: 'The checkpoint is of another log than the keys.',
    held: (origin) => `The checkpoint and the keys are of ${origin}.`,
  },
  noEd25519: 'This browser cannot check Ed25519 signatures.',
  ed25519: { held: (id) => `The signature by key ${id} holds.` },
  mldsa: {
    unchecked: (id, time) => `A signature by key ${id} is there, dated ${time}. Browsers cannot check ML-DSA-44 yet, so its date is not checked either.`,
  },
  path: {
    noEntry: 'A proof alone does not say what stands in the log. Give the entry as well.',
    held: (index, size, count) => (count === 0
      ? 'The entry is the whole tree.'
      : `The entry and ${hashes(count)} give the root: it stands at index ${number(index)} of ${number(size)}.`),
  },
  entry: {
    place: 'entry',
    large: 'The entry is too long.',
    otherType: 'The entry is not of the kind that this receipt is about.',
    spelling: 'The entry is not in its one spelling.',
    held: (entry) => [`Type ${entry.type}`, entry.env && `envelope ${entry.env}`, entry.code && `reason ${entry.code}`, entry.t && `at ${entry.t}`]
      .filter(Boolean).join(', ') + '.',
  },
  envelope: {
    place: 'envelope',
    none: 'The second file is not an envelope.',
    cut: 'The envelope is cut short.',
    other: 'The receipt is for another envelope.',
    held: (id) => `The receipt is for this very manifest, of envelope ${id}.`,
    notGiven: (id) => `No envelope was given. Compare the id yourself: ${id}.`,
  },
  witnesses: {
    noPolicy: 'Your keys come with no witness policy, so witnesses are not judged.',
    nobody: 'The policy asks for no witness.',
    seen: (checked, read) => [
      checked.length > 0 ? `checked: ${list(checked)}` : '', read.length > 0 ? `not checked here: ${list(read)}` : '',
    ].filter(Boolean).join('; ') || 'no cosignature of the policy',
    met: (seen) => `Enough witnesses cosigned this head (${seen}).`,
    open: (seen) => `Enough witnesses cosigned only if signatures hold that browsers cannot check (${seen}).`,
    lacking: (lacks, seen) => `Not witnessed by itself: ${lacks} (${seen}). Receipts seldom are; a later head may be.`,
  },
  bundle: {
    place: 'bundle',
    broken: 'The zip file is broken.',
    lacks: 'The bundle lacks a member.',
    packed: 'A member is compressed; bundles are not.',
    other: 'This zip file is not a bundle.',
    digest: 'A member is not the one that the index lists.',
  },
  continuity: {
    place: 'published checkpoint',
    proof: 'consistency proof',
    otherLog: 'The log of this page is another than that of your keys.',
    published: (size) => `The log publishes a head of ${entries(size)}; its Ed25519 signature holds.`,
    held: (first, second) => (first === second ? 'It is the same head.' : `${entries(second)} continue ${entries(first)}: nothing was changed or removed between them.`),
  },

  pinned: { place: 'checkpoint of your trust file', otherLog: 'The head of the trust file is of another log than its keys.' },

  checks: {
    pinned: 'Head of your trust file', form: 'Form', claims: 'Claims', proof: 'Proof', checkpoint: 'Checkpoint', keys: 'Whose log', ed25519: 'Ed25519 signature of the log',
    mldsa: 'ML-DSA-44 signature of the log', es384: 'ES384 signature of the log', path: 'Place in the log', entry: 'Entry', envelope: 'Your envelope', witnesses: 'Witnesses',
    published: 'Head that the log publishes', continuity: 'One history', publishedWitnesses: 'Witnesses of the published head',
  },
  states: { held: 'holds', failed: 'fails', unchecked: 'not checked', noted: 'note' },
  marks: { held: '✓', failed: '✗', unchecked: '?', noted: 'i' },
  verdict: {
    refused: (first, count) => `Do not rely on this: ${first.detail}${count > 1 ? ` (and ${count - 1} more)` : ''}`,
    open: (titles) => `Not decided. Not checked: ${list(titles)}.`,
    holds: ({ index, origin, kind, entry }, lacking) => `What was checked here holds: the log ${origin} records at index ${number(index)} ${W.meant[kind](entry)}.`
      + (lacking.length > 0 ? ` Not checked here: ${list(lacking)}.` : ''),
  },
  meant: {
    custody: (entry) => `that the exchange accepted envelope ${entry.env}`,
    refusal: (entry) => `that the exchange refused envelope ${entry.env} for ${entry.code}`,
    proof: (entry) => `an entry of type ${entry.type}`,
    cose: (entry) => `an entry of type ${entry.type}`,
  },
  marksOfVerdict: { refused: '✗', open: '?', holds: '✓' },
  afterVerdict: {
    holds: 'Half of the proof: the platform believes a head only when both signatures hold. For evidence run `sextant bundle verify FILE --trust trust.json`.',
    cose: 'One signature over one root, and no witness. For evidence use the proof of the same entry, or run `sextant verify FILE --trust trust.json --entry ENTRY`.',
    open: 'Nothing is wrong so far, and too little is known to rely on it.',
    refused: 'Each check that fails says what was expected. Keep the file as it is: it may be evidence.',
    servedKeys: 'Checked with keys that the log itself served. Whoever could forge the log could serve forged keys: compare them first.',
  },
  fix: {
    keys: 'Compare the keys that you pinned with those of your registrar.',
    again: 'Get the file again from whoever gave it to you; if it repeats, keep both.',
    fork: 'Keep both files and tell other parties: two histories are evidence against the log.',
    trust: 'Choose the trust.json of your registrar.',
    policy: 'Correct every line named.',
    envelope: 'Choose the .dxe file that was sent for the second field.',
    receipt: 'Choose custody.json of the envelope, or the text of a proof.',
    bytes: 'Keep receipts byte for byte: editors add line ends and blanks.',
    level: 'Fetch the receipt again, and judge witnesses by a policy.',
    browser: 'Use a current browser over HTTPS, or `sextant bundle verify`.',
    command: 'Run `sextant bundle verify FILE --trust trust.json`.',
    entry: 'Paste the entry that the proof is about.',
    head: 'Get the proof of the same entry under a head: it has its size signed, and perhaps witnesses.',
  },
  labels: { code: 'code', place: 'where', expected: 'expected', received: 'received', fix: 'next step' },

  page: {
    entries,
    ago: (seconds) => `${duration(seconds)} before you looked`,
    ahead: 'dated after this computer’s clock',
    failed: (what, why) => `${what} could not be read: ${why}`,
    head: 'The head', growth: 'The growth', witnesses: 'The witnesses', keys: 'The keys',
    status: (code) => `the log answered ${code}`,
    unreachable: 'the log does not answer',
    quorumMet: 'quorum met', quorumBehind: (count) => `quorum is ${entries(count)} behind`, quorumNever: 'no quorum yet', noWitnesses: 'none asked',
    witnessesNone: 'This log asks no witnesses. Its heads bear its own signatures alone.',
    upToDate: (count, all) => `${count} of ${all} witness keys up to date`,
    quorumText: (quorum, size, head) => (size === 0
      ? `No head has had the quorum «${quorum}» yet.`
      : `The newest head with the quorum «${quorum}» has ${entries(size)}; the log has ${entries(head)}.`),
    meaning: (size, time) => `At ${time} the log held ${entries(size)}. The root is a fingerprint of all of them in order: were one ever changed, removed or put between others, the root would be another. Keep this text; any later head must continue it.`,
    chart: (points) => (points.length === 0 ? 'No head was published yet.'
      : `From ${entries(points[0].size)} on ${instant(points[0].time)} to ${entries(points.at(-1).size)} on ${instant(points.at(-1).time)}.`),
    axisEntries: 'entries',
    columns: ['Time (UTC)', 'Entries', 'Root'],
    rows: (count, step) => (step === 1
      ? `${many(count, 'published head', 'published heads')}: all of them.`
      : `${many(count, 'published head', 'published heads')} of many. Between two of them the curve is off by less than ${entries(step)}.`),
    witness: {
      held: 'up to date', unchecked: 'behind', never: 'never', none: 'none', since: (seconds) => `${duration(seconds)} ago`,
      columns: ['Cosigned', 'Lag', 'Last cosigned', 'State'],
      cosigned: (size) => entries(size),
    },
    keyType: { 1: 'Ed25519, type 0x01', 6: 'ML-DSA-44, type 0x06' },
    wholeKey: 'The whole key',
    copied: 'Copied', notCopied: 'Select the text and copy it by hand.',
    chosen: (name, size) => `${name}, ${many(size, 'byte', 'bytes')}`,
    pasted: 'pasted text',
    cleared: 'Nothing chosen yet.',
    needReceipt: 'Choose, drop or paste a receipt first.',
    needKeys: 'Choose or paste keys first, or take those of this log with the warning beside them.',
    working: 'Checking…',
    tooLarge: 'The file is too large for this page. Use the command `sextant bundle verify`.',
    insecure: 'Your browser offers no cryptography on this address. Open the page over HTTPS, or use the command `sextant`.',
    keysHeld: (trust) => `Keys of ${trust.origin}${trust.policy ? `, with a policy over ${many(trust.policy.witnesses.length, 'witness key', 'witness keys')}` : ', without a witness policy'}.`,
    servedKeys: (origin) => `Keys of ${origin}, as the log serves them.`,
    comparing: (size, pinned) => `This asks the log to prove how it grew from ${entries(size)}${pinned ? ', and from the head of your trust file' : ''}. `
      + `It learns ${pinned ? 'these two numbers' : 'that number'}, and nothing else of your receipt.`,
    csv: 'growth.csv',
  },
};
