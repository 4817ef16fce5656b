# Databricks notebook source
print('a file all the same')
