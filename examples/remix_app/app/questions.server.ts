import type { Question } from "./question";

/** All questions, in memory. They survive an update of this module while it is being worked on. */
const shared = globalThis as { questions?: Map<number, Question> };
shared.questions ??= new Map();
const questions = shared.questions;

export function all(): Question[] {
  return [...questions.values()];
}

export function ask(text: string, by: string): Question {
  return save({ id: questions.size + 1, text, by, voters: [], version: 1 });
}

/** One vote for each person; null where there is no such question. */
export function vote(id: number, voter: string): Question | null {
  const known = questions.get(id);
  if (!known) return null;
  const voters = [...new Set([...known.voters, voter])];
  return save({ ...known, voters, version: known.version + 1 });
}

function save(question: Question): Question {
  questions.set(question.id, question);
  return question;
}
