import { render } from "preact";
import { followSession } from "./api/session.ts";
import { App } from "./app.tsx";
import { restoreScroll } from "./shell/scroll.ts";
import { applyTheme } from "./shell/theme.ts";
import "./style/base.css";
import "./style/boxes.css";
import "./style/tables.css";
import "./style/forms.css";
import "./style/records.css";
import "./style/narrow.css";

const root = document.getElementById("app");
if (root === null) throw new Error("The page has no element with the id app");
applyTheme();
followSession();
restoreScroll();
render(<App />, root);
