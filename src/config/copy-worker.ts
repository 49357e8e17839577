import { refreshSnapshot } from "../contract/http-directory.ts";
import { answerQuestions } from "../isolate/answering.ts";

// The thread that copies contracts from the web: reading and hashing thousands of files would hold up the decisions.
answerQuestions(refreshSnapshot);
