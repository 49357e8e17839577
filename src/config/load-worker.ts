import { answerQuestions } from "../isolate/answering.ts";
import { readContractSet } from "./load-contracts.ts";

// The thread that reads a contract set: parsing and checking thousands of files would hold up the decisions.
answerQuestions(readContractSet);
