{{/* Names, labels and the parts that every pod has. A room is called with (dict "root" $ "name" NAME "room" VALUES). */}}
{{- define "sextant.fullname" -}}
{{- if contains "sextant" .Release.Name }}{{ .Release.Name }}{{ else }}{{ .Release.Name }}-sextant{{ end -}}
{{- end }}

{{- define "sextant.name" -}}
{{ include "sextant.fullname" .root | trunc 40 | trimSuffix "-" }}-{{ .name }}
{{- end }}

{{- define "sextant.selector" -}}
app.kubernetes.io/name: sextant
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .name }}
{{- end }}

{{- define "sextant.labels" -}}
{{ include "sextant.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- end }}

{{- define "sextant.image" -}}
{{ .root.Values.image.prefix }}{{ .image }}:{{ .root.Values.image.tag | default .root.Chart.AppVersion }}
{{- end }}

{{- define "sextant.port" -}}
{{- get (dict "audit" 8001 "exchange" 8002 "declarations" 8003) . -}}
{{- end }}

{{/* What is the same in every pod: no root, no token of the cluster, time to drain. */}}
{{- define "sextant.pod" -}}
serviceAccountName: {{ include "sextant.name" . }}
automountServiceAccountToken: false
enableServiceLinks: false
# Longer than DRAIN_S and the ten seconds in which requests under way are finished.
terminationGracePeriodSeconds: {{ add .root.Values.drainSeconds 30 }}
# An answer of the resolver that is lost costs five seconds otherwise, and a connection is given three.
dnsConfig:
  options:
    - {name: timeout, value: "1"}
    - {name: attempts, value: "3"}
    - {name: single-request-reopen}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
affinity:
  podAntiAffinity:
    preferredDuringSchedulingIgnoredDuringExecution:
      - weight: 100
        podAffinityTerm:
          topologyKey: kubernetes.io/hostname
          labelSelector:
            matchLabels:
              {{- include "sextant.selector" . | nindent 14 }}
{{- end }}

{{- define "sextant.confined" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{- define "sextant.probes" -}}
startupProbe:
  httpGet: {path: /healthz, port: http}
  periodSeconds: 5
  failureThreshold: 60
livenessProbe:
  httpGet: {path: /healthz, port: http}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 3
readinessProbe:
  httpGet: {path: /readyz, port: http}
  periodSeconds: 5
  timeoutSeconds: 5
  failureThreshold: 2
{{- end }}

{{/* The settings of a room: those of the chart first, the operator's over them. */}}
{{- define "sextant.settings" -}}
{{- $prefix := printf "SEXTANT_%s_" (upper .name) -}}
{{- $own := dict "BASE_URL" .room.baseUrl "DRAIN_S" (.root.Values.drainSeconds | toString) -}}
{{- if ne .name "audit" -}}
{{- $_ := set $own "AUDIT_URL" (printf "http://%s:8001" (include "sextant.name" (dict "root" .root "name" "audit"))) -}}
{{- end -}}
{{- if eq .name "declarations" -}}
{{- $_ := set $own "EXCHANGE_URL" (printf "http://%s:8002" (include "sextant.name" (dict "root" .root "name" "exchange"))) -}}
{{- end -}}
{{- if .room.database.url -}}
{{- $_ := set $own "DATABASE_URL" .room.database.url -}}
{{- $_ := set $own "DATABASE_READER_URL" .room.database.readerUrl -}}
{{- with .room.database.officerUrl -}}
{{- $_ := set $own "DATABASE_OFFICER_URL" . -}}
{{- end -}}
{{- if eq .name "exchange" -}}
{{- $_ := set $own "WORK_DIR" "/var/lib/sextant/work" -}}
{{- end -}}
{{- if and (eq .name "declarations") (gt (int .room.replicas) 1) -}}
{{- $_ := set $own "ISSUER_KEY_FILE" "/run/sextant/secrets/issuer.json" -}}
{{- end -}}
{{- end -}}
{{- range $name, $value := merge (deepCopy .room.settings) $own }}
{{ $prefix }}{{ $name }}: {{ $value | toString | quote }}
{{- end }}
{{- end }}

{{- define "sextant.claim" -}}
metadata:
  name: {{ .claim }}
spec:
  accessModes: [{{ .mode | default "ReadWriteOnce" }}]
  {{- with .storage.className }}
  storageClassName: {{ . }}
  {{- end }}
  resources:
    requests:
      storage: {{ .storage.size }}
{{- end }}
