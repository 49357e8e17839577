import { useState } from "preact/hooks";
import { useLocation } from "preact-iso/router";
import type { RedrivePlan } from "../api/types.ts";
import { ActForm } from "./act-form.tsx";
import { counted } from "./numbers.ts";

/** Plans a redrive of a group: which records, and what would become of them. Nothing is sent before the plan is run. */
export function PlanRedrive({ fingerprint, count }: { readonly fingerprint: string; readonly count: number }) {
  const { route } = useLocation();
  const [isOpen, setOpen] = useState(false);
  return (
    <section aria-label="Redrive">
      <button type="button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        Redrive {count === 1 ? "the failure" : `all ${counted(count, "failure")}`} …
      </button>
      {isOpen && (
        <ActForm
          label="Make the plan, send nothing"
          method="POST"
          path="/v1/redrives"
          fields={[{ name: "toVersion", label: "To version", hint: "as declared", isOptional: true }]}
          bodyOf={({ toVersion = "" }) => ({
            select: { group: fingerprint },
            ...(toVersion === "" ? {} : { toVersion: Number(toVersion) }),
          })}
          onDone={(plan) => route(`/redrives/${(plan as RedrivePlan).id}`)}
        />
      )}
    </section>
  );
}
