// What a word behind a value is. As the rule `unit` of grammar/msx.pest has it, a word behind a
// number on the same line is a unit, unless it is an operator or names the next field. An operator
// with a colon behind it is no operator but the name of a field.

#include "tree_sitter/parser.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum TokenType { UNIT, OPERATOR_AS_NAME, RECOVERING };

// Room for the longest operator word, its end, and one letter more that tells it from longer ones.
enum { WORD_SIZE = 6 };

static bool is_blank(int32_t character) { return character == ' ' || character == '\t'; }

// Blank space of the grammar that no number reaches across to its unit.
static bool is_break(int32_t character) {
  return character == '\n' || character == '\r' || character == 0xFEFF;
}

static bool is_space(int32_t character) { return is_blank(character) || is_break(character); }

static bool is_letter(int32_t character) {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
         character == '_';
}

static bool is_of_word(int32_t character) {
  return is_letter(character) || (character >= '0' && character <= '9');
}

static bool is_operator(const char *word) {
  static const char *const operators[] = {"by", "then", "else", "and", "or"};
  for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
    if (strcmp(word, operators[i]) == 0) return true;
  }
  return false;
}

// Whether what follows makes a word something else than a unit.
static bool names_what_follows(TSLexer *lexer) {
  while (is_blank(lexer->lookahead)) lexer->advance(lexer, false);
  if (lexer->lookahead == ':' || lexer->lookahead == '(') return true;
  if (lexer->lookahead != '=') return false;
  lexer->advance(lexer, false);
  return lexer->lookahead != '=';
}

bool tree_sitter_msx_external_scanner_scan(void *payload, TSLexer *lexer,
                                           const bool *valid_symbols) {
  (void)payload;
  // The parser asks for everything while it recovers; a unit would then swallow names.
  if (valid_symbols[RECOVERING]) return false;

  while (is_blank(lexer->lookahead)) lexer->advance(lexer, true);
  const bool may_be_unit = valid_symbols[UNIT] && !is_break(lexer->lookahead);
  while (is_space(lexer->lookahead)) lexer->advance(lexer, true);
  if (may_be_unit && lexer->lookahead == '%') {
    lexer->advance(lexer, false);
    lexer->mark_end(lexer);
    lexer->result_symbol = UNIT;
    return true;
  }
  if (!is_letter(lexer->lookahead)) return false;

  char word[WORD_SIZE] = {0};
  for (size_t length = 0; is_of_word(lexer->lookahead); length++) {
    if (length < WORD_SIZE - 1) word[length] = (char)lexer->lookahead;
    lexer->advance(lexer, false);
  }
  lexer->mark_end(lexer);
  if (is_operator(word)) {
    while (is_space(lexer->lookahead)) lexer->advance(lexer, false);
    lexer->result_symbol = OPERATOR_AS_NAME;
    return valid_symbols[OPERATOR_AS_NAME] && lexer->lookahead == ':';
  }
  lexer->result_symbol = UNIT;
  return may_be_unit && !names_what_follows(lexer);
}

// The scanner remembers nothing between two tokens.
void *tree_sitter_msx_external_scanner_create(void) { return NULL; }

void tree_sitter_msx_external_scanner_destroy(void *payload) { (void)payload; }

unsigned tree_sitter_msx_external_scanner_serialize(void *payload, char *buffer) {
  (void)payload;
  (void)buffer;
  return 0;
}

void tree_sitter_msx_external_scanner_deserialize(void *payload, const char *buffer,
                                                  unsigned length) {
  (void)payload;
  (void)buffer;
  (void)length;
}
