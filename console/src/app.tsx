import lazy from "preact-iso/lazy";
import { LocationProvider, Route, Router } from "preact-iso/router";
import { Shell } from "./shell/shell.tsx";
import { Overview } from "./pages/overview.tsx";
import { NotFound } from "./pages/not-found.tsx";

const Live = lazy(async () => (await import("./pages/live.tsx")).Live);
const Groups = lazy(async () => (await import("./pages/groups.tsx")).Groups);
const GroupPage = lazy(async () => (await import("./pages/group.tsx")).GroupPage);
const Failures = lazy(async () => (await import("./pages/failures.tsx")).Failures);
const RecordPage = lazy(async () => (await import("./pages/record.tsx")).RecordPage);
const Contracts = lazy(async () => (await import("./pages/contracts.tsx")).Contracts);
const ContractPage = lazy(async () => (await import("./pages/contract.tsx")).ContractPage);
const ContractDiffPage = lazy(async () => (await import("./pages/contract-diff.tsx")).ContractDiffPage);
const ContractMigration = lazy(async () => (await import("./pages/contract-migration.tsx")).ContractMigration);
const ContractWhatIf = lazy(async () => (await import("./pages/contract-what-if.tsx")).ContractWhatIf);
const Health = lazy(async () => (await import("./pages/health.tsx")).Health);
const Ledger = lazy(async () => (await import("./pages/ledger.tsx")).Ledger);
const LedgerEntries = lazy(async () => (await import("./pages/ledger-entries.tsx")).LedgerEntries);
const ProofPage = lazy(async () => (await import("./pages/proof.tsx")).ProofPage);
const RunbookPage = lazy(async () => (await import("./pages/runbook.tsx")).RunbookPage);
const Redrives = lazy(async () => (await import("./pages/redrives.tsx")).Redrives);
const RedrivePage = lazy(async () => (await import("./pages/redrive.tsx")).RedrivePage);
const Objectives = lazy(async () => (await import("./pages/objectives.tsx")).Objectives);
const Keys = lazy(async () => (await import("./pages/keys.tsx")).Keys);
const OperatorLog = lazy(async () => (await import("./pages/operator-log.tsx")).OperatorLog);
const Playground = lazy(async () => (await import("./pages/playground.tsx")).Playground);

/** Paths that are pages of the console. The others are the gateway's own, which the browser asks for: sign-in, documents, the API. */
const PAGES = /^(?!\/(?:auth|docs|openapi\.json|metrics|v1|api|livez|readyz)(?:[/?#]|$))/;

/** Every page and its path. A path is a deep link: the server answers each with the same document. */
export function App() {
  return (
    <LocationProvider scope={PAGES}>
      <Shell>
        <Router>
          <Route path="/" component={Overview} />
          <Route path="/live" component={Live} />
          <Route path="/failures" component={Groups} />
          <Route path="/failures/all" component={Failures} />
          <Route path="/failures/g/:fingerprint" component={GroupPage} />
          <Route path="/r/kafka/:topic/:partition/:offset" component={RecordPage} />
          <Route path="/contracts" component={Contracts} />
          <Route path="/contracts/:subject" component={ContractPage} />
          <Route path="/contracts/:subject/diff" component={ContractDiffPage} />
          <Route path="/contracts/:subject/migration" component={ContractMigration} />
          <Route path="/contracts/:subject/what-if" component={ContractWhatIf} />
          <Route path="/redrives" component={Redrives} />
          <Route path="/redrives/:plan" component={RedrivePage} />
          <Route path="/ledger" component={Ledger} />
          <Route path="/ledger/entries" component={LedgerEntries} />
          <Route path="/ledger/proof" component={ProofPage} />
          <Route path="/objectives" component={Objectives} />
          <Route path="/operator-log" component={OperatorLog} />
          <Route path="/keys" component={Keys} />
          <Route path="/playground" component={Playground} />
          <Route path="/health" component={Health} />
          <Route path="/runbooks/:name" component={RunbookPage} />
          <Route default component={NotFound} />
        </Router>
      </Shell>
    </LocationProvider>
  );
}
