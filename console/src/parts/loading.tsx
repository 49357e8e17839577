import { useEffect, useState } from "preact/hooks";

const PATIENCE_MS = 200;

/** Says that an answer is awaited, once that takes longer than anybody would not notice. */
export function Loading() {
  const [isLong, setLong] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLong(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, []);
  return isLong ? (
    <p class="loading" role="status">
      Asking the gateway …
    </p>
  ) : null;
}
