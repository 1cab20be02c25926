"""Bulk issue (批量制卡): the cards of a file of thousands of people, each person at most one, whatever breaks off."""
