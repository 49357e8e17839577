import { apiKey } from "../api/key.ts";
import { session } from "../api/session.ts";
import { fieldText } from "./form-field.ts";

/** Asks for an API key, where the gateway wants one, and leads to where people sign in. */
export function GiveKey() {
  return (
    <>
      {session.value?.signIn === true && (
        <p>
          <a href="/auth/login">Sign in</a>
        </p>
      )}
      <form
        class="action"
        onSubmit={(event) => {
          event.preventDefault();
          apiKey.value = fieldText(new FormData(event.currentTarget), "key");
        }}
      >
        <label class="wide">
          API key
          <input name="key" type="password" required autocomplete="off" spellcheck={false} />
        </label>
        <button type="submit">Use this key</button>
        <p class="aside">
          It stays in this page, until it is closed or loaded again. An administrator makes one:{" "}
          <code>sigma keys api new</code>
        </p>
      </form>
    </>
  );
}
