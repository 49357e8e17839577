const SCRIPTS = [
  "<script>window.attacked=1</script>",
  "<img src=x onerror=window.attacked=1>",
  "<svg onload=window.attacked=1>",
  "<iframe srcdoc='<script>parent.attacked=1</script>'>",
  "javascript:window.attacked=1",
  '"><script>window.attacked=1</script>',
  "'-window.attacked=1-'",
  "{{constructor.constructor('window.attacked=1')()}}",
  "${window.attacked=1}",
  "</textarea><script>window.attacked=1</script>",
  "</title><script>window.attacked=1</script>",
  "<details open ontoggle=window.attacked=1>",
  '<a href="javascript:window.attacked=1" autofocus onfocus=window.attacked=1>x</a>',
  "<style>*{display:none}</style>",
  '<object data="data:text/html,<script>parent.attacked=1</script>">',
  "\u202e<b>turned</b>\u2066",
  "&lt;script&gt;window.attacked=1&lt;/script&gt;",
  "<math><mtext><script>window.attacked=1</script></mtext></math>",
  "<meta http-equiv=refresh content='0;url=javascript:window.attacked=1'>",
  "\u0000<script>window.attacked=1</script>",
] as const;

/** Records that fail, each with a script where the page shows something of it: a value, a name, a rule, an identity, bytes that are no JSON. */
export function attackOf(index: number): string {
  const script = SCRIPTS[index % SCRIPTS.length] ?? "";
  const written = JSON.stringify(script);
  const id = JSON.stringify(`${script}${index}`);
  switch (Math.floor(index / SCRIPTS.length) % 5) {
    case 0:
      return `{"shipment_id":${id},"weight_kg":${written},"destination":${written},"priority":2}`;
    case 1:
      return `{"shipment_id":${id},"weight_kg":-1,"destination":"Dublin","priority":2,${written}:${index}}`;
    case 2:
      return `${script}${index}`;
    case 3:
      return `{"shipment_id":${id},"weight_kg":5000,"destination":${written},"priority":2}`;
    default:
      return `[${written},${index}]`;
  }
}
