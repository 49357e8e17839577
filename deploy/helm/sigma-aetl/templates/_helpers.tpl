{{- define "sigma.fullname" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 40 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "sigma.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .name }}
{{- end }}

{{- define "sigma.labels" -}}
{{ include "sigma.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end }}

{{- define "sigma.serviceAccount" -}}
{{- if .Values.serviceAccount.create }}{{ default (include "sigma.fullname" .) .Values.serviceAccount.name }}{{ else }}{{ default "default" .Values.serviceAccount.name }}{{ end }}
{{- end }}

{{- define "sigma.image" -}}
{{- if .Values.image.digest }}{{ .Values.image.repository }}@{{ .Values.image.digest }}{{ else }}{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}{{ end }}
{{- end }}

{{/* The names under which a component is asked: no other is answered (http.hosts). */}}
{{- define "sigma.hosts" -}}
{{- $service := printf "%s-%s" (include "sigma.fullname" .root) .name }}
{{- $names := list $service (printf "%s.%s" $service .root.Release.Namespace) (printf "%s.%s.svc" $service .root.Release.Namespace) (printf "%s.%s.svc.cluster.local" $service .root.Release.Namespace) }}
{{- if and .root.Values.ingress.enabled .root.Values.ingress.host }}{{ $names = append $names .root.Values.ingress.host }}{{ end }}
{{- join "," $names }}
{{- end }}

{{/* The embedded engines keep everything in a folder that one process holds. */}}
{{- define "sigma.checkComponent" -}}
{{- if and .root.Values.persistence.enabled (gt (int .component.replicas) 1) }}
{{- fail (printf "components.%s.replicas is %d, and persistence.enabled is true: the embedded engines are of one process. Use Kafka and MongoDB, or one replica" .name (int .component.replicas)) }}
{{- end }}
{{- if and .component.autoscaling.enabled (or (not .root.Values.keda.brokers) (not .component.autoscaling.topic)) }}
{{- fail (printf "components.%s.autoscaling needs keda.brokers and a topic" .name) }}
{{- end }}
{{- end }}

{{- define "sigma.pod" -}}
{{- $root := .root }}
{{- $c := .component }}
metadata:
  labels: {{- include "sigma.labels" . | nindent 4 }}
  annotations:
    # A changed configuration is a new pod: settings are read at the start. Contracts are read while it runs.
    checksum/config: {{ toJson (list $root.Values.config $root.Values.env $c.env) | sha256sum }}
spec:
  serviceAccountName: {{ include "sigma.serviceAccount" $root }}
  automountServiceAccountToken: false
  terminationGracePeriodSeconds: {{ $root.Values.terminationGracePeriodSeconds }}
  {{- with $root.Values.imagePullSecrets }}
  imagePullSecrets: {{- toYaml . | nindent 4 }}
  {{- end }}
  securityContext:
    runAsNonRoot: true
    # The user `node` of the image.
    runAsUser: 1000
    runAsGroup: 1000
    fsGroup: 1000
    fsGroupChangePolicy: OnRootMismatch
    seccompProfile: { type: RuntimeDefault }
  containers:
    - name: sigma
      image: {{ include "sigma.image" $root | quote }}
      imagePullPolicy: {{ $root.Values.image.pullPolicy }}
      args:
        - start
        - --no-demo
        {{- if $root.Values.config }}
        - --config
        - /config/sigma.yaml
        {{- end }}
        {{- if ne $c.role "all" }}
        - --role
        - {{ $c.role }}
        {{- end }}
        {{- if gt (int $c.workers) 0 }}
        - --workers
        - {{ $c.workers | quote }}
        {{- end }}
        {{- range $c.args }}
        - {{ . | quote }}
        {{- end }}
      env:
        - name: POD_NAME
          valueFrom: { fieldRef: { fieldPath: metadata.name } }
        - { name: SIGMA_HTTP_HOST, value: "0.0.0.0" }
        - { name: SIGMA_HTTP_PORT, value: "8000" }
        - { name: SIGMA_DATA_DIR, value: /data }
        - { name: SIGMA_LOG_FORMAT, value: json }
        {{- if eq $c.kind "StatefulSet" }}
        - { name: SIGMA_KAFKA_INSTANCE_ID, value: $(POD_NAME) }
        {{- end }}
        {{- if $root.Values.contracts.configMap }}
        - { name: SIGMA_CONTRACTS_DIR, value: /contracts }
        {{- end }}
        {{- if $root.Values.contracts.url }}
        - { name: SIGMA_CONTRACTS_URL, value: {{ $root.Values.contracts.url | quote }} }
        {{- end }}
        {{- $env := merge (dict) $c.env $root.Values.env }}
        {{- if not (hasKey $env "SIGMA_HTTP_HOSTS") }}
        - { name: SIGMA_HTTP_HOSTS, value: {{ include "sigma.hosts" . | quote }} }
        {{- end }}
        {{- range $name, $value := $env }}
        - { name: {{ $name }}, value: {{ $value | toString | quote }} }
        {{- end }}
        {{- range $name, $from := $root.Values.secretEnv }}
        - name: {{ $name }}
          valueFrom: { secretKeyRef: { name: {{ $from.secret }}, key: {{ $from.key }} } }
        {{- end }}
      ports:
        - { name: http, containerPort: 8000 }
      # Kubelet asks the pod's own address, by which the gateway answers (docs/http.md).
      # Alive, not ready: a gateway that waits for a broker or a store must not be restarted for it.
      livenessProbe:
        httpGet: { path: /livez, port: http }
        initialDelaySeconds: 5
        periodSeconds: 10
        timeoutSeconds: 3
        failureThreshold: 6
      readinessProbe:
        httpGet: { path: /readyz, port: http }
        periodSeconds: 5
        timeoutSeconds: 3
      resources: {{- toYaml $c.resources | nindent 8 }}
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities: { drop: [ALL] }
      volumeMounts:
        - { name: tmp, mountPath: /tmp }
        - { name: data, mountPath: /data }
        {{- if $root.Values.config }}
        - { name: config, mountPath: /config, readOnly: true }
        {{- end }}
        {{- if $root.Values.contracts.configMap }}
        - { name: contracts, mountPath: /contracts, readOnly: true }
        {{- end }}
        {{- range $root.Values.secretFiles }}
        - { name: secret-{{ .name }}, mountPath: /secrets/{{ .name }}, readOnly: true }
        {{- end }}
  volumes:
    - name: tmp
      emptyDir: { medium: Memory, sizeLimit: 64Mi }
    - name: data
      {{- if $root.Values.persistence.enabled }}
      persistentVolumeClaim:
        claimName: {{ default (printf "%s-data" (include "sigma.fullname" $root)) $root.Values.persistence.existingClaim }}
      {{- else }}
      emptyDir: {}
      {{- end }}
    {{- if $root.Values.config }}
    - name: config
      configMap: { name: {{ include "sigma.fullname" $root }}-config }
    {{- end }}
    {{- if $root.Values.contracts.configMap }}
    - name: contracts
      configMap:
        name: {{ $root.Values.contracts.configMap }}
        {{- with $root.Values.contracts.items }}
        items: {{- toYaml . | nindent 10 }}
        {{- end }}
    {{- end }}
    {{- range $root.Values.secretFiles }}
    - name: secret-{{ .name }}
      secret: { secretName: {{ .secret }}, defaultMode: 0440 }
    {{- end }}
  # Replicas on one machine fall with it.
  topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: kubernetes.io/hostname
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels: {{- include "sigma.selector" . | nindent 10 }}
  {{- with $c.nodeSelector }}
  nodeSelector: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $c.tolerations }}
  tolerations: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $c.affinity }}
  affinity: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
