import { refreshSnapshot } from "../contract/http-directory.ts";
import { answerQuestions } from "../isolate/answering.ts";

// This thread copies contracts from the web: reading and hashing thousands of files in the main thread would delay decisions.
answerQuestions(refreshSnapshot);
